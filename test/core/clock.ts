import type { Clock } from '../../src/core/clock.ts'

/** A clock that stands still until it is turned. */
export interface TurnedClock extends Clock {
  /** Turns it on, timer by timer, and lets everything happen that happens at each instant. */
  turn(byMs: number): Promise<void>
}

export function createTurnedClock(): TurnedClock {
  let now = 0
  let timers: { readonly atMs: number; readonly call: () => void }[] = []
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

  return {
    monotonicMs: () => now,
    nowMs: () => 1_700_000_000_000 + now,
    setTimer(delayMs, call) {
      const timer = { atMs: now + delayMs, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
    async turn(byMs) {
      const untilMs = now + byMs
      await settled()
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        timers = timers.filter((one) => one !== next)
        now = Math.max(now, next.atMs)
        next.call()
        await settled()
      }
      now = untilMs
      await settled()
    },
  }
}
