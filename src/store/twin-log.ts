import type { Invalidation } from '../core/invalidation.ts'
import { LOG_ENTRIES_MAX, type Notice, SINCE_ENTRIES_MAX } from './board.ts'

/** The log of the twin of Redis, and its number. */
export function createTwinLog() {
  const entries: Invalidation[] = []
  let seq = 0
  return {
    seq: () => seq,
    restart(from: number): void {
      entries.length = 0
      seq = from
    },
    append({ scope, id }: Notice): Invalidation {
      seq += 1
      const message = { seq, scope, id }
      entries.push(message)
      // Cut in lumps: shifting the array at every entry would copy it at every entry.
      if (entries.length > 1.1 * LOG_ENTRIES_MAX) {
        entries.splice(0, entries.length - LOG_ENTRIES_MAX)
      }
      return message
    },
    since(from: number): readonly Invalidation[] | undefined {
      const count = seq - from
      if (count < 0 || count > entries.length || count > SINCE_ENTRIES_MAX) return undefined
      return count === 0 ? [] : entries.slice(-count)
    },
  }
}
