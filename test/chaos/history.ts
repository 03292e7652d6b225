import type { FaultName } from './faults.ts'

export type ChangeKind = 'logout' | 'ban' | 'key disable' | 'role cut'

/** Something was taken away, at the instants of the clock that probes have. */
export interface Change {
  readonly kind: ChangeKind
  /** What may not be accepted any more. */
  readonly credentials: readonly number[]
  readonly requestedMs: number
  /** Only a 200 is an acknowledgement. */
  readonly ackMs: number | undefined
  /** Undefined while there is no answer, or where none came. */
  readonly status: number | undefined
  readonly path: 'fast' | 'slow' | undefined
  /** The entry of the log that tells of it: scope and id. */
  readonly entry: string
}

/** When something was wrong, and with whom. */
export interface Strike {
  readonly fault: FaultName
  readonly about: string
  readonly fromMs: number
  /** When the last of it was made good. */
  readonly untilMs: number
  /** Authorizers that were struck alone; empty if it was somebody else. */
  readonly workers: readonly number[]
  /** They heard nothing, or could say nothing, all that time. */
  readonly isCutOff: boolean
  /** They did not run, or not for most of the time. */
  readonly isStopped: boolean
}

/** Recalls of one authorizer, and loads of what could have been recalled, as counted by it. */
export interface HitCount {
  readonly atMs: number
  readonly worker: number
  readonly hits: number
  readonly misses: number
}

/** All that was seen in a run, but for the probes. */
export interface History {
  readonly leaseMs: number
  readonly fenceMs: number
  readonly workersCount: number
  readonly changes: readonly Change[]
  readonly strikes: readonly Strike[]
  /** Credentials that were good from `fromMs` on and were never taken away. */
  readonly kept: ReadonlyMap<number, number>
  /** When what was taken away was first seen in the log, by a reader of its own, by `scope id`. */
  readonly loggedMs: ReadonlyMap<string, number>
  readonly hits: readonly HitCount[]
  /** When this process itself was late, and by how much: no authorizer is to blame for that. */
  readonly stalls: readonly { readonly atMs: number; readonly lateMs: number }[]
  /** Sessions that stood ended in Postgres before the first fault. */
  readonly endedBefore: number
}
