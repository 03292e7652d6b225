import type { DialectName } from './check.ts'
import type { Credential } from './credential.ts'
import type { FactSource } from './findings.ts'
import type { Reason } from './reason.ts'
import type { Row } from './row.ts'

/**
 * One decision as operators are shown it, while it is kept. No secret is in it: no cookie,
 * signature, token or query.
 */
export interface KeptDecision {
  readonly id: string
  /** RFC 3339, in UTC. */
  readonly at: string
  readonly verdict: 'allow' | 'deny'
  /** Null where it was allowed. */
  readonly reason: Reason | null
  /** What was to blame, in one word, where the reason alone does not say it; or null. */
  readonly about: string | null
  /** `none` if the caller was refused before its dialect was read. */
  readonly dialect: DialectName | 'none'
  /** Null where the check could not be read so far. */
  readonly method: string | null
  /** Without its query. Long ones are cut. */
  readonly path: string | null
  readonly host: string | null
  readonly address: string | null
  /** Cut to its first 80 characters. */
  readonly userAgent: string | null
  /** Whether X-CSRF-Token was sent. */
  readonly hasCsrfToken: boolean
  readonly credential: Credential['kind']
  readonly uid: string | null
  readonly role: string | null
  /** Of the principal, when it was decided. */
  readonly state: string | null
  /** Public id of the API key. */
  readonly kid: string | null
  /** First characters of the session's hash: tells logins apart, and opens none. */
  readonly session: string | null
  readonly source: FactSource
  /** The log of invalidations that was followed, and how far it was applied. */
  readonly epoch: string | null
  readonly seq: number
  readonly policyVersion: number
  /** The row that decided; null if none did, or if that policy is no longer kept. */
  readonly row: Row | null
  readonly elapsedUs: number
}

/** Which decisions to show. */
export interface DecisionQuery {
  /** Newest first, at most so many. */
  readonly limit: number
  /** `none` for those that were allowed. */
  readonly reason: Reason | 'none' | undefined
  /** Paths that begin so. */
  readonly path: string | undefined
  readonly uid: string | undefined
}
