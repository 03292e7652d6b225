import type { Address } from './address.ts'

/** Whom a credential belongs to. What the token says of them, and what rules ask. */
export interface Principal {
  readonly uid: string
  readonly kind: 'user' | 'service'
  readonly username: string | null
  readonly email: string
  readonly role: string
  readonly level: number
  /** Only `active` and `pending` may pass. */
  readonly state: string
  /** Internal number of the referrer; kept for consumers of Barong's token. */
  readonly referralId: number | null
  /** Whether a second factor is enrolled. */
  readonly otp: boolean
  /** Grows with every change; part of the token memo's key. */
  readonly version: number
}

/** A login until it ends. Its secret id is never here, only the hash of it. */
export interface Session {
  /** base64url of SHA-256 over the cookie's value: 43 characters. */
  readonly hash: string
  readonly uid: string
  readonly csrfToken: string
  /** The User-Agent at login, compared exactly. */
  readonly userAgent: string
  /** The client's address at login; its network is compared. */
  readonly address: Address
  readonly createdAtMs: number
  /** Never extended. */
  readonly endsAtMs: number
  /** The user's generation when the login began: an older one than the user's is dead. */
  readonly generation: number
}

/** What was found about a session credential. `idleAtMs` slides with use; the rest is fixed. */
export interface Facts {
  readonly session: Session
  readonly principal: Principal
  /** The session is over at this instant unless it is used before. */
  idleAtMs: number
}

/** A principal in one of these states may pass, if a rule accepts. */
export function isStateAccepted(state: string): boolean {
  return state === 'active' || state === 'pending'
}
