import type { Facts, Session } from '../core/principal.ts'
import type { EndReason } from './closings.ts'

/** What was read, with the point of the log at which it was read. */
export interface Loaded<T> {
  readonly epoch: string
  readonly seq: number
  readonly found: T | undefined
}

/** One sliding-expiry extension; applied only where the session still exists. */
export interface Touch {
  readonly hash: string
  readonly idleAtMs: number
}

/** The hot half: what an authorizer asks. Redis only; throws a Fault, never refuses. */
export interface SessionFacts {
  /** The session with its principal, unexpired or not; undefined if unknown or revoked. */
  load(hash: string): Promise<Loaded<Facts>>
  /** Extends those that still exist, never shortens, never creates. */
  touch(batch: readonly Touch[]): Promise<void>
}

/** A session as its owner or an administrator may see it. */
export interface SessionListing {
  readonly session: Session
  readonly idleAtMs: number
}

/** The cold half: what the identity API does. Postgres first, then Redis, then the log. */
export interface Sessions {
  /** The user's generation, read before a login is judged and handed to `open` after it. */
  generation(uid: string): Promise<number>
  /** Writes a new session; `store_conflict` if the user's generation has moved on meanwhile. */
  open(session: Session, idleAtMs: number): Promise<void>
  /** The live session with this hash, from Postgres. */
  find(hash: string): Promise<SessionListing | undefined>
  /** Live sessions of a user, newest first. */
  list(uid: string): Promise<readonly SessionListing[]>
  /** Ends one session; true if this call ended it. Published when it returns. */
  end(hash: string, reason?: EndReason): Promise<boolean>
  /** Ends all of a user's sessions but one; how many. Published when it returns. */
  endAll(uid: string, exceptHash?: string, reason?: EndReason): Promise<number>
}
