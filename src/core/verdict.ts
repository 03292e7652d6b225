import type { Check } from './check.ts'
import type { Findings } from './findings.ts'
import { wordIdentity } from './identity-lines.ts'
import { REASONS, type Reason } from './reason.ts'

/**
 * Refused, for a public reason. Built once for each reason, and once for each restriction, which
 * names a status of its own.
 */
export interface Deny {
  readonly kind: 'deny'
  readonly reason: Reason
  /** The native status; a dialect that cannot carry it uses 401 or 403. */
  readonly status: number
  /** `{"errors":["authz.…"]}` */
  readonly body: string
  /** When to try again (RFC 9110 §10.2.3); 0 where waiting does not help. */
  readonly retryAfterS: number
}

/** May pass. */
export interface Allow {
  readonly kind: 'allow'
}

export type Verdict = Allow | Deny

/** What the upstream is told of a request that may pass. */
export interface Grant {
  readonly kind: 'allow'
  /**
   * The token, the principal's uid and the role, each exactly once and empty if unknown, as
   * `wordIdentity` puts them. Undefined if no header can carry one of them.
   */
  readonly lines: string | undefined
}

/** What a gateway is told. */
export type Answer = Grant | Deny

/**
 * Answers at once from memory; a promise only when the store must be asked. Never rejects. What
 * it finds on its way it writes into `found`. `atMs` is now on the monotonic clock, if it was read
 * a moment ago.
 */
export type Authorize = (check: Check, found?: Findings, atMs?: number) => Answer | Promise<Answer>

const DENIALS = new Map<Reason, Deny>()
for (const [reason, row] of Object.entries(REASONS) as [Reason, (typeof REASONS)[Reason]][]) {
  DENIALS.set(reason, createDenial(reason, row.status))
}

/** A denial with a status of its own, built when a policy is compiled and never per request. */
export function createDenial(reason: Reason, status: number, retryAfterS = 0): Deny {
  return Object.freeze({
    kind: 'deny',
    reason,
    status,
    body: JSON.stringify({ errors: [reason] }),
    retryAfterS,
  })
}

/** The one denial for `reason`; allocates nothing. */
export function deny(reason: Reason): Deny {
  return DENIALS.get(reason) as Deny
}

/** The one allow; allocates nothing. */
export const ALLOW: Allow = Object.freeze({ kind: 'allow' })

/**
 * What passes without identity, on public routes and in configured pre-flights, is given: empty
 * headers, so that a client's own never survive.
 */
export const GRANT_ANYONE: Grant = { kind: 'allow', lines: wordIdentity('', '', '') }
