import assert from 'node:assert/strict'
import type { Principal } from '../core/principal.ts'
import { sidOf } from '../crypto/digest.ts'
import { type Lifetime, lifetimeOf } from '../crypto/lifetime.ts'

// What the upstream is told, in the order and JSON types that consumers of Barong's token read.

/** What a token begins with: the same for all of one second and one audience, as a rule. */
export interface SharedClaims {
  readonly iat: number
  readonly exp: number
  readonly sub: 'session'
  readonly iss: string
  readonly aud: readonly string[]
}

/** What it says of one principal. What is undefined is absent from the JSON. */
export interface OwnClaims {
  readonly jti: string
  readonly uid: string
  readonly username: string | null | undefined
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly referral_id: number | null | undefined
  /** Absent where an API key was used. */
  readonly sid: string | undefined
}

export type SessionClaims = SharedClaims & OwnClaims

/** Whom a token speaks of, and until when. Facts of a session are such. */
export interface Bearer {
  readonly principal: Principal
  readonly session: {
    /** Undefined where there is no session: an API key was used. */
    readonly hash: string | undefined
    /** Infinite where no end is known. */
    readonly endsAtMs: number
  }
}

/** There is no `nbf`, as Barong sets none and `iat` says the same. */
export function sharedClaimsOf(
  audience: readonly string[],
  issuer: string,
  { issuedAtS, expiresAtS }: Lifetime,
): SharedClaims {
  return { iat: issuedAtS, exp: expiresAtS, sub: 'session', iss: issuer, aud: audience }
}

/** A service account has neither a username nor a referrer. */
export function ownClaimsOf({ principal, session }: Bearer, jti: string): OwnClaims {
  const { kind, uid, username, email, role, level, state, referralId } = principal
  // JSON would write anything else as null or a fraction, which typed consumers refuse.
  assert(Number.isSafeInteger(level))
  assert(referralId === null || Number.isSafeInteger(referralId))
  const isService = kind === 'service'
  const sid = session.hash === undefined ? undefined : sidOf(session.hash)
  // One literal: spreading parts into another takes some hundred times as long.
  return {
    jti,
    uid,
    username: isService ? undefined : username,
    email,
    role,
    level,
    state,
    referral_id: isService ? undefined : referralId,
    sid,
  }
}

/** All claims of one token. `exp` is never after the session's end. */
export function buildClaims(
  options: Bearer & {
    audience: readonly string[]
    issuer: string
    nowMs: number
    ttlMs: number
    jti: string
  },
): SessionClaims {
  const { audience, issuer, session, nowMs, ttlMs, jti } = options
  const lifetime = lifetimeOf({ nowMs, ttlMs, endsAtMs: session.endsAtMs })
  return { ...sharedClaimsOf(audience, issuer, lifetime), ...ownClaimsOf(options, jti) }
}
