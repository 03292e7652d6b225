import type { Clock } from '../core/clock.ts'
import { epochNumberOf, epochNumberOfSeq, type Members, type Roster } from './members.ts'
import type { SealWatch } from './seal-watch.ts'

/**
 * How the wait for one change ended; `moved`: the board was sealed anew, put it there again;
 * `late`: it will not be certain by the time that was given.
 */
export type Outcome = 'fast' | 'slow' | 'moved' | 'late'

/** Those who wait until all members have said that they applied a change, or can do no harm. */
export interface Waiting {
  wait(roster: Roster, giveUpAtMs: number): Promise<Outcome>
  /** Reads the list of members for those who wait; undefined if it could not be read. */
  look(): Promise<Roster | undefined>
  /** Hints, as they arrive. */
  reported(worker: string, appliedSeq: number): void
  isAnybodyWaiting(): boolean
  /** How many of these members have said that they applied this change. */
  countReported(roster: Roster): number
  /** Forgets what those said who are not on the list. */
  keep(roster: Roster): void
}

/** Reports are hints: the list is read after this long, then after twice as long each time. */
const LOOK_AFTER_MS = 25
const LOOK_AFTER_MS_MAX = 1000
/** Reports of so many workers are remembered: those on the list, and some that have gone. */
const REPORTS_MAX = 10_000

/** One change that is waited for. */
interface Waiter {
  readonly seq: number
  readonly epoch: string
  readonly pending: Set<string>
  /** Looks whether it may end. */
  check(): void
  /** The board was sealed anew: the change has to be put on it again. */
  move(): void
}

export function createWaiting(deps: {
  readonly board: Pick<Members, 'members'>
  readonly clock: Clock
  readonly seals: SealWatch
  /** After so long a lease that was not renewed is over. */
  readonly boundMs: number
}): Waiting {
  const { board, clock, seals, boundMs } = deps
  const reports = createReports()
  const waiters = new Set<Waiter>()

  /** A reading that is newer than the waiters it speaks to. */
  function hear(roster: Roster, asked: readonly Waiter[]): void {
    seals.see(roster.epoch)
    const marks = new Map(roster.members.map((one) => [one.worker, one.appliedSeq]))
    for (const waiter of asked) {
      if (!waiters.has(waiter)) continue
      if (roster.epoch !== waiter.epoch) {
        waiter.move()
        continue
      }
      // Who is gone had no lease when it went, and has heard of this change if it came back.
      for (const worker of waiter.pending) {
        if ((marks.get(worker) ?? Number.POSITIVE_INFINITY) >= waiter.seq) {
          waiter.pending.delete(worker)
        }
      }
      waiter.check()
    }
  }

  /** The waiters of now only: to one that joins while the list is read the list may be old. */
  async function look(): Promise<Roster | undefined> {
    const asked = [...waiters]
    const roster = await board.members().catch(() => undefined)
    if (roster !== undefined) hear(roster, asked)
    return roster
  }

  function wait(roster: Roster, giveUpAtMs: number): Promise<Outcome> {
    const { seq, epoch } = roster
    const deadlineMs = Math.max(clock.monotonicMs() + boundMs, seals.settledAtMs())
    const pending = new Set<string>()
    for (const { worker, appliedSeq } of roster.members) {
      if (Math.max(appliedSeq, reports.of(worker)) < seq) pending.add(worker)
    }
    return new Promise((resolve) => {
      let stopTimer = (): void => undefined
      let stopLooking = (): void => undefined
      const end = (outcome: Outcome): void => {
        stopTimer()
        stopLooking()
        waiters.delete(waiter)
        resolve(outcome)
      }
      const waiter: Waiter = {
        ...{ seq, epoch, pending },
        move: () => end('moved'),
        check() {
          const now = clock.monotonicMs()
          // Leases of an earlier sealing are not on this list: only time ends them.
          const untilMs = pending.size === 0 ? seals.settledAtMs() : deadlineMs
          if (now >= untilMs) return end(pending.size === 0 ? 'fast' : 'slow')
          // Nothing is certain before the sealing has settled: no use to wait for what is later.
          if (Math.max(now, seals.settledAtMs()) >= giveUpAtMs) return end('late')
          stopTimer()
          const nextMs = Math.min(untilMs, giveUpAtMs)
          stopTimer = clock.setTimer(nextMs - now, () => waiter.check())
        },
      }
      const lookAfter = (delayMs: number): void => {
        stopLooking = clock.setTimer(delayMs, () => {
          void look().finally(() => {
            if (waiters.has(waiter)) lookAfter(Math.min(2 * delayMs, LOOK_AFTER_MS_MAX))
          })
        })
      }
      waiters.add(waiter)
      waiter.check()
      if (waiters.has(waiter)) lookAfter(LOOK_AFTER_MS)
    })
  }

  return {
    wait,
    look,
    reported(worker, appliedSeq) {
      reports.note(worker, appliedSeq)
      for (const waiter of waiters) {
        if (appliedSeq < waiter.seq) continue
        if (epochNumberOfSeq(appliedSeq) > epochNumberOf(waiter.epoch)) waiter.move()
        else if (waiter.pending.delete(worker)) waiter.check()
      }
    },
    isAnybodyWaiting: () => waiters.size > 0,
    countReported: ({ members, seq }) =>
      members.filter((one) => Math.max(one.appliedSeq, reports.of(one.worker)) >= seq).length,
    keep: reports.keep,
  }
}

/** The highest number that each worker has ever said it applied. */
function createReports() {
  const bySeq = new Map<string, number>()
  return {
    of: (worker: string) => bySeq.get(worker) ?? -1,
    note(worker: string, appliedSeq: number): void {
      const known = bySeq.get(worker) ?? -1
      bySeq.delete(worker)
      bySeq.set(worker, Math.max(known, appliedSeq))
      if (bySeq.size <= REPORTS_MAX) return
      for (const [oldest] of bySeq) {
        bySeq.delete(oldest)
        return
      }
    },
    /** Forgets all that are not on the list. */
    keep({ members }: Roster): void {
      const listed = new Set(members.map(({ worker }) => worker))
      for (const worker of bySeq.keys()) if (!listed.has(worker)) bySeq.delete(worker)
    },
  }
}
