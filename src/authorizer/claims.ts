import assert from 'node:assert/strict'
import type { Principal } from '../core/principal.ts'
import { sidOf } from '../crypto/digest.ts'
import { lifetimeOf } from '../crypto/lifetime.ts'

/** What the upstream is told, in the order and JSON types that consumers of Barong's token read. */
export interface SessionClaims {
  readonly iat: number
  readonly exp: number
  readonly sub: 'session'
  readonly iss: string
  readonly aud: readonly string[]
  readonly jti: string
  readonly uid: string
  readonly username?: string | null
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly referral_id?: number | null
  /** Absent where an API key was used. */
  readonly sid?: string
}

/**
 * The claims of one token. `exp` is never after the session's end; there is no `nbf`, as Barong
 * sets none and `iat` says the same. A service account has neither a username nor a referrer.
 */
export function buildClaims(options: {
  principal: Principal
  session: { readonly hash: string | undefined; readonly endsAtMs: number }
  audience: readonly string[]
  issuer: string
  nowMs: number
  ttlMs: number
  jti: string
}): SessionClaims {
  const { principal, session, audience, issuer, nowMs, ttlMs, jti } = options
  const { uid, username, email, role, level, state, referralId } = principal
  // JSON would write anything else as null or a fraction, which typed consumers refuse.
  assert(Number.isSafeInteger(level))
  assert(referralId === null || Number.isSafeInteger(referralId))
  const { issuedAtS, expiresAtS } = lifetimeOf({ nowMs, ttlMs, endsAtMs: session.endsAtMs })
  const head = {
    iat: issuedAtS,
    exp: expiresAtS,
    sub: 'session',
    iss: issuer,
    aud: audience,
  } as const
  const sid = session.hash === undefined ? undefined : sidOf(session.hash)
  if (principal.kind === 'service') {
    return { ...head, jti, uid, email, role, level, state, ...(sid && { sid }) }
  }
  const user = { uid, username, email, role, level, state, referral_id: referralId }
  return { ...head, jti, ...user, ...(sid && { sid }) }
}
