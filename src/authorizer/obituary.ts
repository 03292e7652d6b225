import type { Clock } from '../core/clock.ts'

export interface ObituaryOptions {
  /** Takes a worker off a list of those who are waited for; each list is told by itself. */
  readonly leave: readonly ((worker: string) => Promise<void>)[]
  readonly clock: Clock
  /** After so long nobody waits for it any more in any case. */
  readonly boundMs: number
  readonly onFault: (fault: unknown) => void
}

/** A store that is away is tried again this often. */
const AGAIN_MS = 100
/** A heartbeat that the dead had sent already would put it on the list once more. */
const LAST_WORDS_MS = 100

/**
 * Says for a worker whose process has ended what it cannot say itself any more: nobody need wait
 * for its lease. Only a process that has truly ended may be named here: one that was merely
 * stopped, or does not answer, goes on with its lease when it wakes.
 */
export interface Obituaries {
  publish(worker: string): void
  /** Resolves when what is owed was said, or tried once more: the stores may be closed then. */
  drain(): Promise<void>
}

export function createObituaries(options: ObituaryOptions): Obituaries {
  const { clock, boundMs, onFault } = options
  const owed = new Set<Promise<void>>()
  const pauses = new Set<() => void>()
  let isDraining = false

  type Leave = ObituaryOptions['leave'][number]

  async function say(leave: Leave, worker: string, untilMs: number): Promise<void> {
    for (;;) {
      const isSaid = await leave(worker).then(
        () => true,
        (fault: unknown) => {
          onFault(fault)
          return false
        },
      )
      if (isSaid || isDraining || clock.monotonicMs() >= untilMs) return
      await pause(AGAIN_MS)
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        stopTimer()
        pauses.delete(end)
        resolve()
      }
      const stopTimer = clock.setTimer(ms, end)
      pauses.add(end)
      if (isDraining) end()
    })
  }

  async function tell(leave: Leave, worker: string): Promise<void> {
    const untilMs = clock.monotonicMs() + boundMs
    await say(leave, worker, untilMs)
    await pause(LAST_WORDS_MS)
    await say(leave, worker, untilMs)
  }

  return {
    publish(worker) {
      for (const leave of options.leave) {
        const told = tell(leave, worker).finally(() => owed.delete(told))
        owed.add(told)
      }
    },
    async drain() {
      isDraining = true
      for (const end of [...pauses]) end()
      await Promise.all(owed)
    },
  }
}
