import { Fault } from '../core/fault.ts'
import { EPOCH_STRIDE } from './board.ts'

/** An authorizer process on the members' list, as it marked itself. */
export interface Member {
  /** Drawn anew at each start of the process. */
  readonly worker: string
  /** Everything up to here is in force in it. */
  readonly appliedSeq: number
  /** Number of its last heartbeat; no two heartbeats of anybody within an epoch share one. */
  readonly beat: number
}

/** The members at one instant of the log. */
export interface Roster {
  readonly epoch: string
  /** Head of the log at that instant; from `Board.apply` the number of the change itself. */
  readonly seq: number
  readonly members: readonly Member[]
}

/** A member as people want to know it; both times are of the wall clock of Redis. */
export interface ListedMember {
  readonly worker: string
  readonly appliedSeq: number
  /** First heartbeat since Redis was filled last. */
  readonly sinceMs: number | undefined
  readonly beatAtMs: number | undefined
}

/** The members at one instant, with the time of that instant. */
export interface Census {
  readonly epoch: string
  readonly seq: number
  readonly nowMs: number
  readonly members: readonly ListedMember[]
}

/** Hears what members say of themselves. Hints: each may be lost, late, or come twice. */
export interface ReportHandler {
  /** True for ever once said: numbers are never used twice, nor does a member go back. */
  reported(worker: string, appliedSeq: number): void
  /** Somebody left, or words were lost: read the list. */
  changed(): void
}

/** The members' list, for those who wait for it and those who keep it clean. */
export interface Members {
  members(): Promise<Roster>
  /** Takes a member off unless it has beaten since; true if it was taken off. */
  prune(worker: string, beat: number): Promise<boolean>
  hearReports(handler: ReportHandler): Promise<void>
}

/** `<n>.<run id>` → n. */
export function epochNumberOf(epoch: string): number {
  return Number(/^\d+/.exec(epoch)?.[0] ?? Number.NaN)
}

/** The epoch that a number of the log belongs to. */
export function epochNumberOfSeq(seq: number): number {
  return Math.floor(seq / EPOCH_STRIDE)
}

const MARK = /^(\d{1,16}),(\d{1,16})(?:,(\d{1,16}),(\d{1,16}))?$/

/** `worker`, `applied,beat,since,at`, … as Redis lists a hash; Fault `store_garbage` otherwise. */
export function readMembers(fields: readonly string[]): readonly Member[] {
  return readMarks(fields, (worker, [appliedSeq = 0, beat = 0]) => ({ worker, appliedSeq, beat }))
}

/** As `readMembers`, with the times that the marks tell; an older worker's mark has none. */
export function readListed(fields: readonly string[]): readonly ListedMember[] {
  return readMarks(fields, (worker, [appliedSeq = 0, , sinceMs, beatAtMs]) => {
    return { worker, appliedSeq, sinceMs, beatAtMs }
  })
}

function readMarks<T>(
  fields: readonly string[],
  make: (worker: string, numbers: readonly (number | undefined)[]) => T,
): readonly T[] {
  const members: T[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const mark = MARK.exec(fields[at + 1] as string)
    if (mark === null) throw new Fault('store_garbage', { about: 'the mark of a member' })
    const numbers = mark.slice(1).map((text) => (text === undefined ? undefined : Number(text)))
    members.push(make(fields[at] as string, numbers))
  }
  return members
}

const REPORT = /^([\w-]{1,64}) (\d{1,16})$/

/** A pushed `<worker> <applied>`; undefined for any other word: then read the list. */
export function readReport(text: string): { worker: string; appliedSeq: number } | undefined {
  const parts = REPORT.exec(text)
  if (parts === null) return undefined
  return { worker: parts[1] as string, appliedSeq: Number(parts[2]) }
}
