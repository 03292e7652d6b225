import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { openRedisHand, type RedisHand } from './redis-hand.ts'
import type { RespValue } from './resp.ts'

export interface LogWatch {
  /** When entries were first seen, by `scope id`, in order. */
  readonly loggedMs: ReadonlyMap<string, readonly number[]>
  close(): void
}

const RETRY_MS = 20
const BLOCK_MS = 1_000

/** Reads the log past every edge, from whichever Redis is the primary, as soon as it is written. */
export function watchLog(primaryPort: () => number): LogWatch {
  const loggedMs = new Map<string, number[]>()
  let isClosed = false
  let hand: RedisHand | undefined

  async function follow(): Promise<void> {
    const port = primaryPort()
    hand = openRedisHand(port)
    // Numbers never repeat: a log that was begun anew goes on above this.
    let last = '0-0'
    while (!isClosed && port === primaryPort()) {
      const read = ['COUNT', 1_000, 'BLOCK', BLOCK_MS, 'STREAMS', '{dv}inv', last]
      const entries = entriesOf(await hand.call('XREAD', ...read))
      for (const { id, entry } of entries) {
        last = id
        const times = loggedMs.get(entry)
        if (times === undefined) loggedMs.set(entry, [performance.now()])
        else times.push(performance.now())
      }
    }
    hand.close()
  }

  async function watch(): Promise<void> {
    while (!isClosed) {
      await follow().catch(() => undefined)
      await pause(RETRY_MS)
    }
  }

  void watch()
  return {
    loggedMs,
    close() {
      isClosed = true
      hand?.close()
    },
  }
}

/** Of XREAD's answer: `[[stream, [[id, ['s', scope, 'd', id]]]]]`. */
function entriesOf(answer: RespValue): { readonly id: string; readonly entry: string }[] {
  const [stream] = (answer ?? []) as [string, [string, string[]][]][]
  return (stream?.[1] ?? []).map(([id, fields]) => ({ id, entry: `${fields[1]} ${fields[3]}` }))
}
