import type { Activity, ActivityCategory, ActivityResult } from '../core/activity.ts'

/** A record on its way from an authorizer to Postgres. */
export interface Queued {
  /** The queue's own name for it. */
  readonly id: string
  readonly record: Uint8Array
}

/** What authorizers have written and no identity process has stored yet: a stream in Redis. */
export interface ActivityQueue {
  /** At the end, all or none. `store_unavailable` while it holds ACTIVITIES_QUEUED_MAX. */
  append(records: readonly Uint8Array[]): Promise<void>
  /** The oldest, at most `max`; they stay until removed. */
  peek(max: number): Promise<readonly Queued[]>
  remove(ids: readonly string[]): Promise<void>
}

/** Redis' memory is bounded: beyond this, authorizers keep records in files of their own. */
export const ACTIVITIES_QUEUED_MAX = 200_000

/** An authorizer's half: hands activities over. Redis only. */
export interface ActivityLog {
  append(batch: readonly Activity[]): Promise<void>
}

export interface ActivityQuery {
  readonly page: number
  readonly limit: number
  readonly category?: ActivityCategory
  readonly uid?: string
  readonly email?: string
  readonly targetUid?: string
  readonly topic?: string
  readonly action?: string
  readonly result?: ActivityResult
  readonly fromMs?: number
  readonly toMs?: number
}

/** An activity with who it was by now, or null where the account is no more. */
export interface ListedActivity extends Activity {
  readonly number: number
  readonly email: string | null
  readonly role: string | null
}

/** The identity API's half: Postgres, where activities are kept. */
export interface Activities {
  /** Stores one; the same again changes nothing. */
  record(activity: Activity): Promise<void>
  /** Newest first. */
  find(query: ActivityQuery): Promise<{
    readonly rows: readonly ListedActivity[]
    readonly total: number
  }>
  /**
   * Moves what authorizers handed over into Postgres, and says how many. Several processes may do
   * so at once. `damaged` could not be read and were dropped, so that they hold up nothing.
   */
  drain(): Promise<{ readonly moved: number; readonly damaged: number }>
}
