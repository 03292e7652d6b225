import type { Clock } from '../../src/core/clock.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

/** Where a call comes from: what waits is worked off source by source, in any order of them. */
export const SOURCES = ['clients', 'timers', 'commands', 'pushes', 'postgres'] as const
export type Source = (typeof SOURCES)[number]

/** One process: its clocks, its timers, and what reaches it while it is stopped or dead. */
export interface Machine {
  readonly name: string
  readonly clock: Clock
  /** What its loop last took for the time: stands still while a backlog is worked off. */
  readonly loopClock: Clock
  /** Calls it as soon as the process runs; never if it is dead. */
  deliver(call: () => void, from?: Source): void
  /** As a signal would stop it: clocks go on, nothing else does. */
  stop(forMs: number): void
  isStopped(): boolean
  kill(): void
  isAlive(): boolean
  stepWall(byMs: number): void
}

/** Timers fire a little late, never early. */
const TIMER_LATE_MS_MAX = 1.5

export function createMachine(deps: {
  readonly name: string
  readonly schedule: Schedule
  readonly random: Random
  /** How much faster than true time its clocks run. */
  readonly rate: number
  /** Where its monotonic clock began. */
  readonly beganMs: number
  readonly wallAtStartMs: number
}): Machine {
  const { name, schedule, random, rate, beganMs, wallAtStartMs } = deps
  let backlog: { readonly call: () => void; readonly from: Source }[] = []
  let stoppedUntilMs = 0
  let isStopped = false
  let isAlive = true
  let wallStepMs = 0
  let loopAtMs = 0
  let staleUntilMs = -1

  const monotonicAt = (atMs: number) => beganMs + atMs * rate
  const wallAt = (atMs: number) => Math.floor(wallAtStartMs + atMs * rate + wallStepMs)

  function wake(): void {
    if (schedule.nowMs() < stoppedUntilMs) {
      schedule.plan(stoppedUntilMs, wake)
      return
    }
    isStopped = false
    // The whole backlog is one turn of the loop: it was entered before the stop.
    staleUntilMs = schedule.nowMs()
    const ranks = new Map(SOURCES.map((source) => [source, random.next()]))
    const rank = ({ from }: { from: Source }) => ranks.get(from) ?? 0
    const waiting = backlog.sort((one, other) => rank(one) - rank(other))
    backlog = []
    for (const { call, from } of waiting) {
      schedule.plan(schedule.nowMs(), () => deliver(call, from))
    }
  }

  function deliver(call: () => void, from: Source = 'clients'): void {
    if (!isAlive) return
    if (isStopped) {
      backlog.push({ call, from })
      return
    }
    if (schedule.nowMs() > staleUntilMs) loopAtMs = schedule.nowMs()
    call()
  }

  function setTimer(delayMs: number, call: () => void): () => void {
    const lateMs = random.next() * TIMER_LATE_MS_MAX
    const dueMs = schedule.nowMs() + Math.max(0, delayMs) / rate + lateMs
    let isOff = false
    const planned = schedule.plan(dueMs, () => deliver(() => isOff || call(), 'timers'))
    return () => {
      isOff = true
      planned.call = undefined
    }
  }

  return {
    name,
    clock: {
      monotonicMs: () => monotonicAt(schedule.nowMs()),
      nowMs: () => wallAt(schedule.nowMs()),
      setTimer,
    },
    loopClock: {
      monotonicMs: () => monotonicAt(loopAtMs),
      nowMs: () => wallAt(loopAtMs),
      setTimer,
    },
    deliver,
    stop(forMs) {
      if (!isAlive) return
      stoppedUntilMs = Math.max(stoppedUntilMs, schedule.nowMs() + forMs)
      if (isStopped) return
      isStopped = true
      schedule.plan(stoppedUntilMs, wake)
    },
    isStopped: () => isStopped,
    kill() {
      isAlive = false
      backlog = []
    },
    isAlive: () => isAlive,
    stepWall(byMs) {
      wallStepMs += byMs
    },
  }
}
