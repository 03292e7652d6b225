import { performance } from 'node:perf_hooks'
import type { Clock } from '../core/clock.ts'

/** The clocks and timers of this machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  nowMs: Date.now,
  setTimer(delayMs, call) {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
}
