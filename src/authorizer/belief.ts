import type { Lease } from '../cache/lease.ts'
import type { PolicyHolder } from './policy.ts'

/** Whether what is remembered may be believed, and how to find out again. */
export interface Belief {
  isLive(): boolean
  /** The store was asked a moment ago and did not help: a check is refused without waiting. */
  isHopeless(): boolean
  /** Asks the log, and the policy if it is stale; true if belief is live after it. */
  restore(): Promise<boolean>
}

/** After a heartbeat has failed, misses are refused at once for this long. */
const BEAT_AGAIN_AFTER_MS = 50

export function createBelief(deps: {
  readonly policies: Pick<PolicyHolder, 'isStale' | 'refresh'>
  readonly lease: Lease
  /** Asks the log now; true if the lease is live after it. */
  readonly beat: () => Promise<boolean>
  /** Monotonic clock. */
  readonly monotonicMs: () => number
}): Belief {
  const { policies, lease, beat, monotonicMs } = deps
  let failedAtMs = Number.NEGATIVE_INFINITY

  return {
    isLive: () => lease.isLive(monotonicMs()) && !policies.isStale(),
    isHopeless: () => monotonicMs() < failedAtMs + BEAT_AGAIN_AFTER_MS,
    async restore() {
      const isBelievable = (await beat()) && (await policies.refresh())
      if (isBelievable && lease.isLive(monotonicMs())) return true
      failedAtMs = monotonicMs()
      return false
    },
  }
}
