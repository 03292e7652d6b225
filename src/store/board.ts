import type { Scope } from '../core/invalidation.ts'
import type { ActivityQueue } from './activities.ts'
import type { Closed, Closings } from './closings.ts'
import type { Invalidations } from './invalidations.ts'
import type { Members, Roster } from './members.ts'
import type { Nonces } from './nonces.ts'
import type { Rates } from './rates.ts'
import type { Loaded, Touch } from './sessions.ts'

/** A session as the board keeps it: undecoded records, and the deadline that slides. */
export interface PostedFacts {
  readonly session: Uint8Array
  readonly principal: Uint8Array
  readonly idleAtMs: number
  /** The session's own generation: raised when it is kept while all others end. */
  readonly sessionGeneration: number
  /** The least generation of this user's sessions that still counts; 0 if never raised. */
  readonly generation: number
}

/** Everything that is written for one session. */
export interface Posting {
  readonly hash: string
  readonly uid: string
  readonly session: Uint8Array
  readonly principal: Uint8Array
  readonly principalVersion: number
  readonly generation: number
  readonly idleAtMs: number
  readonly endsAtMs: number
}

/** Which re-filling something belongs to, and over what it writes. */
export interface Filling {
  readonly epochNumber: number
  /** The board was known to hold nothing when it was begun: nothing there is looked at. */
  readonly isEmpty: boolean
}

/** As a posting, while re-filling: principals come by themselves. */
export type Refilling = Omit<Posting, 'principal' | 'principalVersion'>

/** A user with live sessions, while re-filling. */
export interface RefillingPrincipal {
  readonly uid: string
  readonly record: Uint8Array
  readonly version: number
  readonly generation: number
  /** The board may forget it from here on. */
  readonly untilMs: number
}

/** A key as the board keeps it: undecoded records. */
export interface PostedKey {
  readonly key: Uint8Array
  readonly principal: Uint8Array
}

/** Everything that is written for one key; its holder's principal is posted with it. */
export interface KeyPosting {
  readonly kid: string
  readonly uid: string
  readonly record: Uint8Array
  readonly version: number
  /** The board may forget it from here on. */
  readonly untilMs: number
}

/** A key with its holder, as it is written while sealing. */
export interface KeySealing extends KeyPosting {
  readonly principal: Uint8Array
  readonly principalVersion: number
}

/** A session that goes on while its user's generation is raised. */
export interface Kept {
  readonly hash: string
  readonly generation: number
}

/** One committed change as it is put into force: records first, then the log, in one step. */
export interface Notice {
  readonly scope: Scope
  readonly id: string
  /** Sessions that are over: deleted, with a tombstone, so that no late write revives them. */
  readonly ended: readonly string[]
  /** What those hear of this who hold connections of sessions. */
  readonly closed?: readonly Closed[]
  /** Sessions that are lifted to the new generation where they still exist. */
  readonly kept: readonly Kept[]
  /** Keys that were removed, with a tombstone each, and keys as they are now. */
  readonly keys?: {
    readonly ended: readonly string[]
    readonly posted: readonly KeyPosting[]
  }
  readonly principal:
    | {
        readonly uid: string
        readonly record: Uint8Array
        readonly version: number
        readonly generation: number
      }
    | undefined
}

/**
 * What authorizers read and the identity API writes: Redis, or its twin inside this process.
 * All throw a Fault. Everything but `sealedAs`, `begin`, `prepare…`, `seal`, `ping`, `leave`
 * and `close` throws `store_unsealed` on a board that may have forgotten something.
 */
export interface Board extends Invalidations, Closings, Members, Nonces {
  /** Activities on their way to Postgres; they say nothing about what is true, and need no seal. */
  readonly activities: ActivityQueue
  readonly rates: Rates
  load(hash: string): Promise<Loaded<PostedFacts>>
  /** Only keys of this very sealing count: older ones may have been removed since. */
  loadKey(kid: string): Promise<Loaded<PostedKey>>
  touch(batch: readonly Touch[]): Promise<void>
  /**
   * `outdated`: the user's generation has moved on, or the session has already been ended.
   * `moved`: the board was sealed again under another number; read Postgres again.
   */
  open(posting: Posting, epochNumber: number): Promise<'opened' | 'outdated' | 'moved'>
  /**
   * Puts a change on the board and tells everybody; again is harmless. Returns its number with the
   * members of the same instant. `store_unsealed` on a board that was sealed under a lower number
   * than the change was committed under: it may have been replaced, and the other one not know.
   */
  apply(notice: Notice, epochNumber: number): Promise<Roster>
  /** Idle deadlines as far as known. */
  idleDeadlines(hashes: readonly string[]): Promise<readonly (number | undefined)[]>
  /** Takes at most `max` deadlines that were extended since they were last taken. */
  takeTouched(max: number): Promise<readonly Touch[]>
  /** Under which number it was sealed; undefined if it was not, or for another process of Redis. */
  sealedAs(): Promise<number | undefined>
  /**
   * Starts to re-fill an unsealed board, or one that is sealed under `replaced`, which it is no
   * longer from then on; `store_conflict` if it is sealed otherwise. True if it is known to hold
   * nothing of what is filled in: then nothing on it would have to be taken off.
   */
  begin(epochNumber: number, replaced?: number): Promise<boolean>
  /**
   * Re-fills, and again is harmless; `store_conflict` if another began since, or the board was
   * lost half-way.
   */
  prepare(filling: Filling, sessions: readonly Refilling[], ended: readonly string[]): Promise<void>
  /** As `prepare`: who holds these sessions. What an earlier sealing left behind is replaced. */
  preparePrincipals(filling: Filling, principals: readonly RefillingPrincipal[]): Promise<void>
  /** As `prepare`, for keys. */
  prepareKeys(epochNumber: number, keys: readonly KeySealing[]): Promise<void>
  /** Declares the board complete under this number; `store_conflict` as for `prepare`. */
  seal(epochNumber: number): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}

/** A late write of an ended session, or of an older principal, is refused for this long. */
export const TOMBSTONE_MS = 15 * 60_000
/** Keys without an end, and the principals of all keys: as good as forever. */
export const KEY_UNTIL_MS = 4_102_444_800_000
/** A key that has expired is still known by its name for this long. */
export const KEY_GRACE_MS = 48 * 3_600_000
/** A raised generation is remembered for this long; the records it outlaws are deleted at once. */
export const GENERATION_MS = 48 * 3_600_000
/** The log keeps about this many entries; whoever is further behind forgets everything. */
export const LOG_ENTRIES_MAX = 100_000
/** A reader that is more entries behind than this is told to forget everything instead. */
export const SINCE_ENTRIES_MAX = 10_000
/** The numbers of epoch n start above n times this, so that none is ever used twice. */
export const EPOCH_STRIDE = 2 ** 32
