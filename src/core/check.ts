import type { Address } from './address.ts'

/** The gateways that we can hear. One endpoint each; never guessed from headers. */
export const DIALECT_NAMES = ['nginx', 'traefik', 'caddy', 'envoy', 'haproxy', 'barong'] as const
export type DialectName = (typeof DIALECT_NAMES)[number]

/**
 * One question from a gateway, as plain data: may this request pass?
 * Every field is always present, so that V8 sees one shape.
 */
export interface Check {
  readonly dialect: DialectName
  /** Upper-case token, the method of the original request (RFC 9110 §9.1). */
  readonly method: string
  /** The one canonical spelling (see path.ts): starts with `/`, no query. */
  readonly path: string
  /** `path` as refusing rules are matched on it (see path.ts). The same string if equal. */
  readonly foldedPath: string
  /** The query without its `?`; never takes part in a rule. */
  readonly query: string
  /** Lower case, without port; empty where the gateway does not say. */
  readonly host: string
  /** The client, not the gateway. */
  readonly address: Address
  /** Empty when absent. */
  readonly userAgent: string
  /** All Cookie lines joined by `; ` (RFC 6265 §4.2.1); empty when absent. */
  readonly cookies: string
  /** `X-CSRF-Token`; undefined when absent, because empty counts as present. */
  readonly csrfToken: string | undefined
  /** The API-key headers; undefined when none of Apikey, Nonce and Signature was sent. */
  readonly apiKey: PresentedApiKey | undefined
}

/** A field is undefined when its header is absent; blank counts as present but incomplete. */
export interface PresentedApiKey {
  readonly kid: string | undefined
  readonly nonce: string | undefined
  readonly signature: string | undefined
  /** `X-Auth-Version`; undefined when absent, which means 1; null when sent twice. */
  readonly version: string | null | undefined
  /** `Content-Digest` (RFC 9530 §2), which version 2 signs; null when sent twice. */
  readonly contentDigest: string | null | undefined
}

/** Methods that change nothing (RFC 9110 §9.2.1); everything else needs a CSRF token. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}
