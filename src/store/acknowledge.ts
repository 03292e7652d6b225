import type { Clock } from '../core/clock.ts'
import { Fault } from '../core/fault.ts'
import type { Members, Roster } from './members.ts'
import { createHeartWatch, createSealWatch, type LeaseTimes, leaseBoundMs } from './seal-watch.ts'
import type { SecondLeaseList } from './second-leases.ts'
import { createWaiting } from './waiting.ts'

/** Shows that a change is in force: on whom, how long that took, and how it is known. */
export interface Receipt {
  /** Number of the change in the log. */
  readonly seq: number
  /** Members when the change was made, and how many of them said that they applied it. */
  readonly membersCount: number
  readonly reportedCount: number
  /** From the first attempt to the certainty. */
  readonly afterMs: number
  /** `fast`: all said so. `slow`: those who did not can have no lease any more. */
  readonly path: 'fast' | 'slow'
}

export interface AcknowledgeTimes extends LeaseTimes {
  /** A change that the board does not take is tried again for so long. */
  readonly retryMs: number
}

/** Defaults of the settings of the same names. */
export function timesOf(given: Partial<AcknowledgeTimes>): AcknowledgeTimes {
  const { leaseMs = 2_000, fenceMs = 0, retryMs = 2_000 } = given
  return { leaseMs, fenceMs, retryMs }
}

/** Waits until what was put on the board is in force on every authorizer. */
export interface Acknowledger {
  /**
   * Puts a change on the board by `apply`, again and again if need be, and waits. `put` is settled
   * once the board has it, `inForce` once nobody can act against it. Both fail with the Fault
   * `not_in_force`: the change comes into force later, and nothing may be acknowledged.
   */
  putInForce(apply: () => Promise<Roster>): Promise<{ readonly inForce: Promise<Receipt> }>
  /** Reads the list of members, and takes those off whose heart has stood still long enough. */
  lookAround(): Promise<void>
  /** Begins to hear reports; without it certainty comes by reading the list. Never rejects. */
  start(): Promise<void>
  close(): void
}

export interface AcknowledgeOptions extends AcknowledgeTimes {
  readonly board: Members
  /** Authorizers that may believe without the board; none where it is not given. */
  readonly seconds?: SecondLeaseList
  readonly clock: Clock
  readonly onFault: (fault: unknown) => void
  readonly onChange?: (change: RosterChange) => void
}

export type RosterChange =
  | { readonly kind: 'epoch'; readonly epoch: string }
  | { readonly kind: 'members'; readonly count: number; readonly pruned: number }

const RETRY_EVERY_MS = 50
/** For timers that fire late: an acknowledgement that is nearly certain is not thrown away. */
const TIMERS_MS = 50
export function createAcknowledger(options: AcknowledgeOptions): Acknowledger {
  const { board, clock, fenceMs, retryMs, onFault } = options
  const boundMs = leaseBoundMs(options.leaseMs)
  const onEpoch = (epoch: string) => options.onChange?.({ kind: 'epoch', epoch })
  const seals = createSealWatch({ ...options, onEpoch })
  const waiting = createWaiting({ board, clock, seals, boundMs })
  const watch = createHeartWatch(clock, boundMs)
  const seconds = createSecondWatch(options, boundMs)
  let isClosed = false

  /** Tries until the board takes it: not before `fromMs`. */
  async function put(apply: () => Promise<Roster>, untilMs: number): Promise<Put> {
    for (;;) {
      const fromMs = clock.monotonicMs()
      try {
        const roster = await apply()
        seals.see(roster.epoch)
        return { roster, fromMs }
      } catch (cause) {
        const isHopeless = !(cause instanceof Fault) || !RETRIED.has(cause.code)
        if (isHopeless || isClosed || clock.monotonicMs() + RETRY_EVERY_MS >= untilMs) {
          throw notInForce(cause)
        }
      }
      await new Promise<void>((resolve) => clock.setTimer(RETRY_EVERY_MS, resolve))
    }
  }

  /** What may still be under way then is not waited for. */
  function before<T>(untilMs: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const delayMs = Math.max(0, untilMs - clock.monotonicMs())
      const stop = clock.setTimer(delayMs, () => reject(notInForce('the board is slow')))
      work.then(resolve, reject).finally(stop)
    })
  }

  async function finish(first: Put, apply: () => Promise<Roster>, begun: Begun) {
    const { beganAtMs, settling } = begun
    // A board that is sealed anew half-way begins a new wait, but nobody waits for ever.
    const giveUpAtMs = beganAtMs + retryMs + fenceMs + boundMs + TIMERS_MS
    let { roster, fromMs } = first
    for (;;) {
      const onBoard = await waiting.wait(roster, giveUpAtMs)
      if (onBoard === 'late') throw notInForce('no lease is known to be over in time')
      if (onBoard !== 'moved') {
        if (fromMs < seals.provenFromMs()) {
          // By now it may be told: whether another board is believed that knows nothing of this.
          const again = await before(giveUpAtMs, put(apply, giveUpAtMs))
          fromMs = again.fromMs
          if (again.roster.epoch !== roster.epoch) {
            roster = again.roster
            continue
          }
        }
        const path = (await settling) === 'slow' ? 'slow' : onBoard
        const { seq, members } = roster
        const membersCount = members.length
        const reportedCount = path === 'fast' ? membersCount : waiting.countReported(roster)
        return { seq, membersCount, reportedCount, afterMs: clock.monotonicMs() - beganAtMs, path }
      }
      ;({ roster, fromMs } = await put(apply, Math.min(giveUpAtMs, beganAtMs + retryMs + fenceMs)))
    }
  }

  return {
    async putInForce(apply) {
      const beganAtMs = clock.monotonicMs()
      // Beside the board: the change is committed already.
      const begun = { beganAtMs, settling: seconds.settle() }
      const first = await put(apply, beganAtMs + retryMs)
      const inForce = finish(first, apply, begun)
      // Whoever asked may have failed in between, and then nobody awaits this.
      inForce.catch(() => undefined)
      return { inForce }
    },
    async lookAround() {
      const roster = await waiting.look()
      await seconds.lookAround()
      if (roster === undefined) return
      let pruned = 0
      for (const { worker, beat } of watch.stopped(roster)) {
        if (await board.prune(worker, beat).catch(() => false)) pruned += 1
      }
      waiting.keep(roster)
      const count = roster.members.length - pruned
      options.onChange?.({ kind: 'members', count, pruned })
    },
    async start() {
      const { reported } = waiting
      const changed = () => void (waiting.isAnybodyWaiting() && waiting.look())
      await board.hearReports({ reported, changed }).catch(onFault)
      await waiting.look()
    },
    close() {
      isClosed = true
    },
  }
}

/**
 * Whoever lives on a second lease asks Postgres, where the change is committed already: it hears of
 * it with its next question, and what it believed by an earlier one is over after the bound.
 */
function createSecondWatch({ seconds, clock }: AcknowledgeOptions, boundMs: number) {
  const watch = createHeartWatch(clock, boundMs)
  return {
    /** To be called when the change is committed. */
    async settle(): Promise<'fast' | 'slow'> {
      const untilMs = clock.monotonicMs() + boundMs
      const isNobody = await seconds?.listed().then(
        (list) => list.length === 0,
        () => false,
      )
      if (isNobody ?? true) return 'fast'
      const delayMs = untilMs - clock.monotonicMs()
      if (delayMs > 0) await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve))
      return 'slow'
    },
    /** Strikes off those that have not asked for so long that nothing they heard counts. */
    async lookAround(): Promise<void> {
      const members = await seconds?.listed().catch(() => undefined)
      if (seconds === undefined || members === undefined) return
      for (const { worker, beat } of watch.stopped({ epoch: '', seq: 0, members })) {
        await seconds.strike(worker, beat).catch(() => undefined)
      }
    },
  }
}

/** When putting a change in force began, and when those who believe Postgres are settled. */
interface Begun {
  readonly beganAtMs: number
  readonly settling: Promise<'fast' | 'slow'>
}

/** A change that the board took, not before `fromMs` on our monotonic clock. */
interface Put {
  readonly roster: Roster
  readonly fromMs: number
}

/** What may pass by itself; all else will fail again. */
const RETRIED: ReadonlySet<string> = new Set([
  'store_unavailable',
  'store_timeout',
  'store_unsealed',
  'store_conflict',
])

function notInForce(cause: unknown): Fault {
  if (cause instanceof Fault && cause.code === 'not_in_force') return cause
  return new Fault('not_in_force', { about: 'recorded, not yet in force everywhere', cause })
}
