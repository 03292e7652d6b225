import type { Invalidation } from '../core/invalidation.ts'

/** What a heartbeat learns: which log this is and how far it goes. */
export interface Head {
  /** `<n>.<run id>`: changes whenever Redis may have forgotten something. */
  readonly epoch: string
  readonly seq: number
}

export interface InvalidationHandler {
  /** A pushed message: only a hint; gaps are seen by `seq`. */
  invalidated(message: Invalidation): void
  /** Pushes may have been lost: ask the log at once. */
  interrupted(): void
}

/**
 * The log of what is no longer true. The log is the truth; pushes only make it fast.
 * All throw a Fault: `store_unsealed` while Redis has not been sealed for this process of its own.
 */
export interface Invalidations {
  /** Writes the worker's mark, so that a deposed primary refuses it, and returns the head. */
  heartbeat(worker: string, appliedSeq: number): Promise<Head>
  /** Says that everything up to here is in force in this worker; only who beats is listened to. */
  report(worker: string, appliedSeq: number): Promise<void>
  /** Entries after `seq`, in order; undefined if the log no longer reaches back that far. */
  since(seq: number): Promise<readonly Invalidation[] | undefined>
  subscribe(handler: InvalidationHandler): Promise<void>
  /** Takes the worker off the members' list: it believes nothing any more. */
  leave(worker: string): Promise<void>
}

/** The identity side: keeps Redis sealed and unapplied revocations moving. */
export interface Keeper {
  /**
   * Seals Redis if it is not: raises the epoch in Postgres and re-loads live sessions and
   * principals from there. True if this call sealed it. Safe to run in many processes.
   */
  seal(): Promise<boolean>
  /**
   * Re-runs changes that were committed to Postgres but not yet published; how many. Meant for
   * every second or so: it also copies idle deadlines back and deletes what is long over, each
   * at its own, slower pace.
   */
  reconcile(): Promise<number>
  /** Copies idle deadlines that authorizers extended back to Postgres now. */
  copyIdle(): Promise<void>
}
