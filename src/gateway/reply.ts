import { STATUS_CODES } from 'node:http'
import { REASONS, type Reason } from '../core/reason.ts'
import { type Deny, deny } from '../core/verdict.ts'
import type { Head } from './head-bytes.ts'
import { RESERVED_NAMES } from './headers.ts'

/** A whole reply, ready to be written. The engine adds the length and the date. */
export interface Reply {
  readonly status: number
  /** `403 Forbidden` */
  readonly statusLine: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** What was made of the headers, once (head-bytes.ts). */
  head?: Head | undefined
}

const NOTHING = new Uint8Array(0)
const NO_STORE = ['Cache-Control', 'no-store'] as const

/**
 * A 401 must say how to authenticate (RFC 9110 §11.6.1). No browser knows this scheme, so none
 * opens its password dialogue.
 */
const CHALLENGE = ['WWW-Authenticate', 'Cookie realm="dvara"'] as const

/**
 * Envoy shows us only the headers on its allow-list, so the reserved ones may be there unseen;
 * it removes those named here from the request that the upstream gets.
 */
const ENVOY_REMOVE = ['x-envoy-auth-headers-to-remove', RESERVED_NAMES.join(', ')] as const

/** Exactly 200, no body; what the grant says comes to these headers. */
export const ALLOW: Reply = wordAllow([])

/** As `ALLOW`, and tells Envoy which of the client's headers to drop. */
export const ENVOY_ALLOW: Reply = wordAllow(ENVOY_REMOVE)

function wordAllow(more: readonly string[]): Reply {
  return { status: 200, statusLine: '200 OK', headers: [...NO_STORE, ...more], body: NOTHING }
}

export type WordDeny = (denial: Deny) => Reply

/** Every denial in its own status. */
export const wordNativeDeny: WordDeny = rememberByDenial((status) => status)

/** nginx turns every status but 401 and 403 into a 500; the true one is in X-Auth-Status. */
export const wordNginxDeny: WordDeny = rememberByDenial((status) => (status === 401 ? 401 : 403))

/** A small JSON reply for what is not a check. */
export function wordNotFound(body: string): Reply {
  return wordJson(404, [...NO_STORE], body)
}

/** The public keys, for `maxAgeS` seconds in anybody's cache. */
export function wordJwks(keys: { body: Uint8Array | string; maxAgeS: number }): Reply {
  return wordJson(200, ['Cache-Control', `public, max-age=${keys.maxAgeS}`], keys.body)
}

/**
 * Denials are constants: one for each reason, worded here, and one for each restriction, worded
 * when it first refuses and forgotten with its policy.
 */
function rememberByDenial(wordStatus: (status: number) => number): WordDeny {
  const known = new WeakMap<Deny, Reply>()
  for (const reason of Object.keys(REASONS) as Reason[]) {
    known.set(deny(reason), wordDenial(deny(reason), wordStatus))
  }
  return function wordOnce(denial) {
    const before = known.get(denial)
    if (before !== undefined) return before
    if (!isDenial(denial)) return wordOnce(deny('authz.unavailable'))
    const reply = wordDenial(denial, wordStatus)
    known.set(denial, reply)
    return reply
  }
}

/** Whatever else came where a denial belongs must not become an answer that a gateway misreads. */
function isDenial({ reason, status }: Deny): boolean {
  return Object.hasOwn(REASONS, reason) && status >= 400 && status < 500
}

function wordDenial(denial: Deny, wordStatus: (status: number) => number): Reply {
  const status = wordStatus(denial.status)
  const headers: string[] = [...NO_STORE, 'X-Auth-Reason', denial.reason]
  headers.push('X-Auth-Status', String(denial.status))
  if (denial.retryAfterS > 0) headers.push('Retry-After', String(denial.retryAfterS))
  if (status === 401) headers.push(...CHALLENGE)
  return wordJson(status, headers, denial.body)
}

function wordJson(status: number, headers: string[], body: Uint8Array | string): Reply {
  return {
    status,
    statusLine: `${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    headers: [...headers, 'Content-Type', 'application/json'],
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  }
}
