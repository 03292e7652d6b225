import { setTimeout as pause } from 'node:timers/promises'
import type { Said } from './stack.ts'

/** One check under load: what was said, or why nothing was. */
export interface Outcome {
  readonly atMs: number
  readonly said: Said | undefined
  readonly error: NodeJS.ErrnoException | undefined
}

export interface Load {
  /** Everything so far, in the order in which it ended. */
  readonly outcomes: readonly Outcome[]
  /** Resolves once `count` more checks have ended. */
  more(count: number): Promise<void>
  stop(): Promise<readonly Outcome[]>
}

/**
 * Asks again and again from so many callers at once, each waiting for its answer and then so long
 * as `pauseMs` says: over seconds, callers without one leave no core to whom they ask.
 */
export function startLoad(ask: () => Promise<Said>, callersCount = 8, pauseMs = 0): Load {
  const outcomes: Outcome[] = []
  let isStopped = false

  async function call(): Promise<void> {
    while (!isStopped) {
      const atMs = Date.now()
      await ask().then(
        (said) => outcomes.push({ atMs, said, error: undefined }),
        async (error: NodeJS.ErrnoException) => {
          outcomes.push({ atMs, said: undefined, error })
          await pause(5)
        },
      )
      if (pauseMs > 0) await pause(pauseMs)
    }
  }

  const callers = Array.from({ length: callersCount }, call)
  return {
    outcomes,
    async more(count) {
      const goal = outcomes.length + count
      while (outcomes.length < goal) await pause(2)
    },
    async stop() {
      isStopped = true
      await Promise.all(callers)
      return outcomes
    },
  }
}

/** Polls until it holds; throws with what it waited for. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<number> {
  const startedAtMs = Date.now()
  while (!(await isTrue())) {
    if (Date.now() - startedAtMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(10)
  }
  return Date.now() - startedAtMs
}
