import { setTimeout as pause } from 'node:timers/promises'
import { readResidentBytes } from './cpu.ts'
import type { Measured } from './place.ts'

/** What a process holds: as the kernel sees it, and what is left of its heap after a collection. */
export interface Held {
  readonly residentBytes: number
  readonly liveBytes: number
}

/** Arguments of Node with which a process tells. */
export const TELLING = [
  '--expose-gc',
  ...['--import', new URL('tell-memory.js', import.meta.url).href],
] as const

const TOLD = /live bytes (\d+)/g
/** A heap of gigabytes is collected in seconds. */
const TOLD_WITHIN_MS = 60_000
const POLL_MS = 20

/** Of one process that was started with `TELLING`; resident as it was before the collection. */
export async function readHeld({ name, pids, server }: Measured): Promise<Held> {
  const residentBytes = readResidentBytes(pids())
  const before = [...server.logs().matchAll(TOLD)].length
  server.kill('SIGUSR2')
  const deadlineMs = performance.now() + TOLD_WITHIN_MS
  for (;;) {
    const told = [...server.logs().matchAll(TOLD)]
    if (told.length > before) return { residentBytes, liveBytes: Number(told.at(-1)?.[1]) }
    if (performance.now() > deadlineMs) throw new Error(`${name} did not tell its memory`)
    await pause(POLL_MS)
  }
}

/** By how much each of so many more has it grown. */
export function grownBy(before: Held, after: Held, count: number): Held {
  return {
    residentBytes: (after.residentBytes - before.residentBytes) / count,
    liveBytes: (after.liveBytes - before.liveBytes) / count,
  }
}
