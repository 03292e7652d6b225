import type { Lease } from '../cache/lease.ts'
import type { Clock } from '../core/clock.ts'

/** Whether what is remembered may be believed, and how to find out again. */
export interface Belief {
  /** `atMs` and `wallAtMs` are now on both clocks, if they were read a moment ago. */
  isLive(atMs?: number, wallAtMs?: number): boolean
  /** The store was asked a moment ago and did not help: a check is refused without waiting. */
  isHopeless(): boolean
  /** Asks the log, and what is stale of all that is loaded; true if belief is live after it. */
  restore(): Promise<boolean>
  /**
   * Reads, where `read` says undefined if belief was lost meanwhile. Rules that changed are there
   * in a moment, but not so what was read before: it is read once more. Undefined if in vain.
   */
  keeping<T>(read: () => Promise<T | undefined>): Promise<T | undefined>
}

/** Something that is loaded whole and may be known to have changed since: rules, keys. */
export interface Loadable {
  /** Known to have changed and not loaded anew: nothing may be allowed by it. */
  isStale(): boolean
  /** Loads what is stale; true if nothing is stale after it. Never rejects. */
  refresh(): Promise<boolean>
}

/** After a heartbeat has failed, misses are refused at once for this long. */
const BEAT_AGAIN_AFTER_MS = 50
/** A check waits so long for a heartbeat of its own, then it is refused. */
const URGENT_WITHIN_MS = 50

interface Dependencies extends Clock {
  readonly policies: Loadable
  readonly alsoLoaded?: readonly Loadable[]
  readonly lease: Lease
  /** Asks the log now; true if the lease is live after it. */
  readonly beat: () => Promise<boolean>
}

export function createBelief(deps: Dependencies): Belief {
  const { policies, alsoLoaded = [], lease, beat, monotonicMs, nowMs, setTimer } = deps
  const loaded = [policies, ...alsoLoaded]
  let failedAtMs = Number.NEGATIVE_INFINITY

  function isLive(atMs = monotonicMs(), wallAtMs = nowMs()): boolean {
    if (!lease.isLive(atMs) || !lease.isSound(atMs, wallAtMs)) return false
    for (const one of loaded) if (one.isStale()) return false
    return true
  }

  async function refresh(): Promise<boolean> {
    if (!(await beat())) return false
    await Promise.all(loaded.map((one) => one.refresh()))
    return isLive()
  }

  /** What takes longer goes on, for those who ask next. */
  function inTime(work: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const stop = setTimer(URGENT_WITHIN_MS, () => resolve(false))
      work.then(resolve, reject).finally(stop)
    })
  }

  const isHopeless = () => monotonicMs() < failedAtMs + BEAT_AGAIN_AFTER_MS

  async function restore(): Promise<boolean> {
    if (await inTime(refresh())) return true
    failedAtMs = monotonicMs()
    return false
  }

  return {
    ...{ isLive, isHopeless, restore },
    async keeping(read) {
      const first = await read()
      if (first !== undefined || isHopeless() || !(await restore())) return first
      return read()
    },
  }
}
