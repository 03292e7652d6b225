import { hash } from 'node:crypto'

/** Why sessions ended; part of what is published, so a word never changes its meaning. */
export const END_REASONS = [
  'logout',
  'revoked',
  'replaced',
  'password',
  'second_factor',
  'ban',
  'state',
  'restriction',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** One session that ended, or all of one user, for those who hold connections of it. */
export interface Closing {
  /** Number of the invalidation that it came into force with. */
  readonly seq: number
  /** Its place among the closings of that invalidation. */
  readonly at: number
  /** The `sid` of the session's tokens; empty for every session and every key of the user. */
  readonly sid: string
  readonly uid: string
  readonly reason: EndReason
}

/** What is known of a closing when it is put on the board. */
export type Closed = Pick<Closing, 'sid' | 'uid' | 'reason'>

/** Where somebody has read to. */
export type ClosingPlace = Pick<Closing, 'seq' | 'at'>

export interface ClosingPage {
  /** In order, those behind the place that was asked for. */
  readonly closings: readonly Closing[]
  /** Others may have been there that are not kept any more: whoever asked has missed something. */
  readonly isGap: boolean
  /** The place of whoever has seen everything up to now. */
  readonly head: ClosingPlace
}

/** The ends of sessions, kept for a while. */
export interface Closings {
  /** Behind `place`, at most CLOSINGS_PAGE of them; without a place only the head. */
  closedSince(place: ClosingPlace | undefined): Promise<ClosingPage>
}

/** About so many are kept: an hour of three logouts a second. */
export const CLOSINGS_MAX = 10_000
/** Read at once. */
export const CLOSINGS_PAGE = 500

/** Greater than any place within an invalidation. */
export const PLACE_END = 2 ** 31

/** The `sid` of a session's tokens, by its hash: as crypto/digest.ts has it, whose room is shut. */
export function sidOf(sessionHash: string): string {
  return hash('sha256', `dvara sid ${sessionHash}`, 'base64url')
}

const PLACE = /^(\d{1,16})-(\d{1,10})$/

/** `<seq>-<at>`; undefined if it is nothing of ours. */
export function readPlace(text: string): ClosingPlace | undefined {
  const parts = PLACE.exec(text)
  if (parts === null) return undefined
  const [seq, at] = [Number(parts[1]), Number(parts[2])]
  return Number.isSafeInteger(seq) ? { seq, at } : undefined
}

export function printPlace({ seq, at }: ClosingPlace): string {
  return `${seq}-${at}`
}

/** Below 0 if `one` comes before `other`. */
export function comparePlaces(one: ClosingPlace, other: ClosingPlace): number {
  return one.seq === other.seq ? one.at - other.at : one.seq - other.seq
}

/** Whether somebody who stands at `from` may have missed what was cut off or lost. */
export function isCutOff(
  from: ClosingPlace,
  kept: {
    /** First number of the log that is followed now; what was before is gone. */
    readonly epochSeq: number
    readonly headSeq: number
    readonly trimmedCount: number
    readonly first: ClosingPlace | undefined
  },
): boolean {
  if (from.seq < kept.epochSeq || from.seq > kept.headSeq) return true
  if (kept.trimmedCount === 0) return false
  return kept.first === undefined || comparePlaces(from, kept.first) < 0
}
