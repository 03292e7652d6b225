import { fileURLToPath } from 'node:url'
import { runChild } from './child.ts'
import { hurry } from './hurry.ts'
import { onCores, places } from './place.ts'

/** How long one who comes at any moment waits until the processor is there again. */
export interface Pauses {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** Shorter ones are the reading of the clock itself, or an interrupt. */
const GAP_MS_MIN = 0.02
const GRACE_MS = 10_000

/**
 * What the machine itself takes: a loop on each core at once, ahead of all else that runs there,
 * that does nothing but read the clock; and the times for which it was not there to do so. No
 * server can answer in them.
 */
export async function measurePauses(seconds: number): Promise<readonly Pauses[]> {
  const script = fileURLToPath(import.meta.url)
  const withinMs = seconds * 1000 + GRACE_MS
  const args = ['--single-threaded-gc', script, String(seconds)]
  return Promise.all(
    places.map(async ({ cores }) => {
      const [command, ...rest] = onCores(cores, [process.execPath, ...args])
      return JSON.parse(await runChild(command, rest, { withinMs })) as Pauses
    }),
  )
}

/** Of one who comes at a moment drawn evenly from all of the time. */
export function pausesOf(gapsMs: readonly number[], elapsedMs: number): Pauses {
  const at = (share: number) => waitAt(gapsMs, elapsedMs, share)
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: Math.max(0, ...gapsMs) }
}

/** The wait that a share of moments does not exceed: `gap - wait` of a gap is for longer ones. */
function waitAt(gapsMs: readonly number[], elapsedMs: number, share: number): number {
  const sorted = Float64Array.from(gapsMs).sort().reverse()
  const longerMs = elapsedMs * (1 - share)
  let sumMs = 0
  for (const [at, gapMs] of sorted.entries()) {
    sumMs += gapMs
    // All gaps down to this one, each shortened by the same wait, last as long as they may.
    const waitMs = (sumMs - longerMs) / (at + 1)
    if (waitMs >= (sorted[at + 1] ?? 0)) return Math.max(0, waitMs)
  }
  return 0
}

function watch(seconds: number): Pauses {
  const gapsMs: number[] = []
  const beganMs = performance.now()
  const endMs = beganMs + seconds * 1000
  let lastMs = beganMs
  while (lastMs < endMs) {
    const nowMs = performance.now()
    if (nowMs - lastMs > GAP_MS_MIN) gapsMs.push(nowMs - lastMs)
    lastMs = nowMs
  }
  return pausesOf(gapsMs, lastMs - beganMs)
}

const [, file, seconds] = process.argv
if (file?.endsWith('/pauses.js') && seconds !== undefined) {
  hurry()
  process.stdout.write(`${JSON.stringify(watch(Number(seconds)))}\n`)
}
