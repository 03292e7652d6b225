import { readFileSync } from 'node:fs'

/** For what else a process holds: its stores, logs, operations listener, libraries. */
const FILES_KEPT = 64

/**
 * How many connections the system lets this process have. At its limit on open files accepting
 * fails, the listener stays readable, and an event loop that listens for that turns for nothing:
 * so the last ones are taken and cut instead. Infinity where the system does not say.
 */
export function readConnectionsMax(readLimits: () => string = readOwn): number {
  const filesMax = softLimitOf(readLimits())
  return Math.max(filesMax - FILES_KEPT, Math.floor(filesMax / 2))
}

/** proc(5) of Linux: `Max open files   1024   524288   files`. */
function softLimitOf(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)\s/m.exec(limits) ?? []
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

function readOwn(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
