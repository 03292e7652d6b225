import type { Clock } from '../core/clock.ts'
import type { SessionFacts, Touch } from '../store/sessions.ts'
import type { Entry } from './grants.ts'

/** Slides idle deadlines: in memory at once, in the store in batches after the reply. */
export interface Toucher {
  touch(entry: Entry, nowMs: number): void
  /** Sends what is waiting; never rejects. */
  flush(): Promise<void>
  /** Flushes for the last time. */
  drain(): Promise<void>
}

/** Beyond this many waiting touches the oldest wait no longer and a flush begins. */
const TOUCHES_MAX = 10_000

export interface TouchOptions {
  readonly facts: Pick<SessionFacts, 'touch'>
  /** How long a session may lie idle. */
  readonly idleMs: number
  /**
   * One session is reported at most this often: what a crash may take from an idle deadline,
   * and what other authorizers may not know yet.
   */
  readonly everyMs: number
  readonly flushEveryMs: number
  readonly clock: Pick<Clock, 'setTimer'>
  readonly onFault: (fault: unknown) => void
}

export function createToucher(options: TouchOptions): Toucher {
  const { facts, idleMs, everyMs, flushEveryMs, clock, onFault } = options
  let waiting = new Map<string, Touch>()
  let stopTimer: (() => void) | undefined

  async function flush(): Promise<void> {
    stopTimer?.()
    stopTimer = undefined
    if (waiting.size === 0) return
    const batch = [...waiting.values()]
    waiting = new Map()
    // A lost batch shortens deadlines, which is the safe direction; the next use reports again.
    await facts.touch(batch).catch(onFault)
  }

  return {
    touch(entry, nowMs) {
      const { session } = entry
      const idleAtMs = Math.min(nowMs + idleMs, session.endsAtMs)
      if (idleAtMs <= entry.idleAtMs) return
      entry.idleAtMs = idleAtMs
      // After a clock was set back the last report lies ahead: it must not silence the next ones.
      if (nowMs >= entry.touchedAtMs && nowMs < entry.touchedAtMs + everyMs) return
      entry.touchedAtMs = nowMs
      const { hash } = session
      waiting.set(hash, { hash, idleAtMs })
      if (waiting.size >= TOUCHES_MAX) void flush()
      else stopTimer ??= clock.setTimer(flushEveryMs, () => void flush())
    },
    flush,
    drain: flush,
  }
}
