import type { Check } from './check.ts'
import { compileNetworks, matchNetwork, type NetworkSet } from './network.ts'
import type { Policy } from './policy.ts'
import { isStateAccepted, type Principal } from './principal.ts'
import { compileRules, matchRules, type Permission, type Rules } from './rule.ts'
import type { SigningVersion } from './signed-request.ts'
import { type Deny, deny } from './verdict.ts'

export const KEY_ALGORITHMS = ['HS256', 'EdDSA', 'ES256', 'RS256'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** An API key as authorizers know it: never a secret in clear. */
export interface ApiKey {
  readonly kid: string
  /** uid of the user or service account whose role counts. */
  readonly uid: string
  readonly algorithm: KeyAlgorithm
  /** HS256: the secret sealed by crypto/envelope.ts. Else: SPKI DER of the public key. */
  readonly material: Uint8Array
  /** Whether requests of protocol version 1 (Barong's) are accepted with it. */
  readonly isV1Accepted: boolean
  /** Empty: all that the role may do. Else `VERB /path/prefix`, or `/path/prefix` for any verb. */
  readonly scopes: readonly string[]
  /** CIDRs it may be used from; empty: anywhere. */
  readonly networks: readonly string[]
  /** Only `active` passes. */
  readonly state: string
  readonly expiresAtMs: number | undefined
  /** Undefined: the default of the settings. */
  readonly rate: KeyRate | undefined
  /** Grows with every change. */
  readonly version: number
}

/** Whole numbers: requests a second, and how many at once. */
export interface KeyRate {
  readonly perSecond: number
  readonly burst: number
}

/** What was found about an API key. */
export interface KeyFacts {
  readonly key: ApiKey
  readonly principal: Principal
}

/** A key as its requests are judged by it: compiled when it was loaded. */
export interface UsableKey extends KeyFacts {
  /** Undefined: from anywhere. */
  readonly networks: NetworkSet | undefined
  /** Undefined: whatever the role may do. */
  readonly scopes: Rules | undefined
}

/** The one role that a key's scopes are rows of. */
const HOLDER = ''

const SCOPE = /^(?:([A-Z][A-Z-]{0,19}) )?(\/\S{0,1023})$/

/**
 * A scope: `/orders` for whatever verb a row of `ALL` stands for, or `GET /orders` for one verb.
 * Its path is matched as that of a permission. Undefined if no request could ever match it.
 */
export function parseScope(text: string): { verb: string; path: string } | undefined {
  const [, verb = 'ALL', path] = SCOPE.exec(text) ?? []
  if (path === undefined) return undefined
  const { problems } = compileRules([rowOf(verb, path)])
  return problems.length === 0 ? { verb, path } : undefined
}

function rowOf(verb: string, path: string): Permission {
  return { id: 0, role: HOLDER, verb, path, action: 'ACCEPT', topic: null }
}

/** Compiles what a key is limited to. A list that cannot be read lets nothing pass. */
export function compileKey({ key, principal }: KeyFacts): UsableKey {
  return {
    key,
    principal,
    networks: key.networks.length === 0 ? undefined : networksOf(key.networks),
    scopes: key.scopes.length === 0 ? undefined : scopesOf(key.scopes),
  }
}

function networksOf(cidrs: readonly string[]): NetworkSet {
  const compiled = compileNetworks(cidrs)
  return compiled.kind === 'compiled' ? compiled.networks : NO_NETWORKS
}

const NO_NETWORKS: NetworkSet = { nodes: new Int32Array(4) }

function scopesOf(scopes: readonly string[]): Rules {
  const rows = scopes.map(parseScope).flatMap((one) => (one ? [rowOf(one.verb, one.path)] : []))
  return compileRules(rows).rules
}

/**
 * Judges a request whose signature was found to be the key's. Barong's reasons in Barong's order,
 * ours between them: the version and what the key itself says come before its holder, the holder
 * before what they may do. Undefined: it may pass.
 */
export function decideKey(
  check: Check,
  usable: UsableKey,
  version: SigningVersion,
  policy: Policy,
  nowMs: number,
): Deny | undefined {
  const { key, principal, networks, scopes } = usable
  if (version === 1 && !key.isV1Accepted) return deny('authz.apikey_version_refused')
  if (key.state !== 'active') return deny('authz.apikey_not_active')
  if (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs) {
    return deny('authz.apikey_expired')
  }
  if (networks !== undefined && !matchNetwork(networks, check.address)) {
    return deny('authz.ip_not_allowed')
  }
  if (!isStateAccepted(principal.state)) return deny('authz.invalid_session')
  if (principal.kind === 'user' && !principal.otp) return deny('authz.disabled_2fa')
  if (scopes !== undefined) {
    const scoped = matchRules(scopes, HOLDER, check)
    if (!scoped.isAccepted) return deny('authz.apikey_scope_not_allowed')
  }
  const match = matchRules(policy.rules, principal.role, check)
  return match.isAccepted ? undefined : deny('authz.invalid_permission')
}
