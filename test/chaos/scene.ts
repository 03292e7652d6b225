import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../process/load.ts'
import { type Stack, startStack } from '../process/stack.ts'
import type { Row } from './judge.ts'

/** A goal that needs a stand of its own: workers behind one port, a gateway, no proxies. */
export interface Scene {
  readonly about: string
  /** How often, unless said otherwise; what is counted, `about` says. */
  readonly times: number
  readonly play: (options: SceneOptions) => Promise<Row>
}

export interface SceneOptions {
  readonly times: number
  readonly say: (line: string) => void
}

export const CALLERS = 8
export const WORKERS = 2
const SETTINGS = { DVARA_WORKERS: String(WORKERS), DVARA_DRAIN_MS: '1000' }
const REPLACED_WITHIN_MS = 20_000
const RETRY_MS = 5

/** Checks that never end; of those that went wrong each is kept, of the others the number. */
export interface Pressure {
  readonly count: () => number
  readonly failures: readonly Failure[]
  stop(): Promise<void>
}

interface Failure {
  readonly startedMs: number
  readonly tookMs: number
  readonly why: string
}

export function press(
  ask: () => Promise<{ readonly status: number }>,
  callersCount = CALLERS,
): Pressure {
  const failures: Failure[] = []
  let count = 0
  let isStopped = false

  async function call(): Promise<void> {
    while (!isStopped) {
      const startedMs = performance.now()
      const why = await ask().then(
        ({ status }) => (status === 200 ? undefined : String(status)),
        (cause: unknown) => String(cause),
      )
      count++
      if (why === undefined) continue
      failures.push({ startedMs, tookMs: performance.now() - startedMs, why })
      await pause(RETRY_MS)
    }
  }

  const callers = Array.from({ length: callersCount }, call)
  return {
    count: () => count,
    failures,
    async stop() {
      isStopped = true
      await Promise.all(callers)
    },
  }
}

export async function withStack<T>(
  settings: Readonly<Record<string, string>>,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ settings: { ...SETTINGS, ...settings } })
  try {
    return await work(stack)
  } finally {
    await stack.stop()
  }
}

export async function pidsOf({ authorizer: { pid } }: Stack): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

/** Until as many listen as there were, none of the `gone` among them; in milliseconds. */
export function untilReplaced(stack: Stack, gone: readonly number[]): Promise<number> {
  const isReplaced = async () => {
    const pids = await pidsOf(stack)
    if (pids.length !== WORKERS || pids.some((pid) => gone.includes(pid))) return false
    const problems = await problemsOf(stack)
    return !problems.some((problem) => problem.endsWith('not up'))
  }
  return until('all workers listen, none of the old', isReplaced, REPLACED_WITHIN_MS)
}

/** Until each can decide. */
export async function untilWell(stack: Stack): Promise<void> {
  const isWell = async () => (await problemsOf(stack)).length === 0
  await until('no worker has a problem', isWell, REPLACED_WITHIN_MS)
}

async function problemsOf({ opsUrl }: Stack): Promise<readonly string[]> {
  const response = await fetch(`${opsUrl}/health/ready`)
  return ((await response.json()) as { problems: readonly string[] }).problems
}

export const numberOf = (value: number) => value.toLocaleString('en')
