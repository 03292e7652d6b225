import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase } from '../../src/store/open.ts'
import type { Change, ChangeKind } from './history.ts'
import { openRedisHand, type RedisHand } from './redis-hand.ts'
import type { RespValue } from './resp.ts'

export interface LogWatch {
  /**
   * When these were first seen, by `scope id`. What is taken away has been in the log before: when
   * it was made, and again if two put that on the board at once. Only its number tells them apart.
   */
  loggedMs(numbers: ReadonlyMap<string, number>): ReadonlyMap<string, number>
  close(): void
}

const RETRY_MS = 20
const BLOCK_MS = 1_000

/** Reads the log past every edge, from whichever Redis is the primary, as soon as it is written. */
export function watchLog(primaryPort: () => number): LogWatch {
  const seenMs = new Map<number, number>()
  // Numbers never repeat: a log that was begun anew goes on above this.
  let last = '0-0'
  let isClosed = false
  let hand: RedisHand | undefined

  async function follow(): Promise<void> {
    const port = primaryPort()
    hand = openRedisHand(port)
    while (!isClosed && port === primaryPort()) {
      const read = ['COUNT', 1_000, 'BLOCK', BLOCK_MS, 'STREAMS', '{dv}inv', last]
      for (const id of idsOf(await hand.call('XREAD', ...read))) {
        last = id
        const seq = Number(id.split('-', 1)[0])
        if (!seenMs.has(seq)) seenMs.set(seq, performance.now())
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
    loggedMs(numbers) {
      const found = new Map<string, number>()
      for (const [entry, seq] of numbers) {
        const atMs = seenMs.get(seq)
        if (atMs !== undefined) found.set(entry, atMs)
      }
      return found
    },
    close() {
      isClosed = true
      hand?.close()
    },
  }
}

/** Of XREAD's answer: `[[stream, [[id, fields]]]]`. */
function idsOf(answer: RespValue): string[] {
  const [stream] = (answer ?? []) as [string, [string, unknown][]][]
  return (stream?.[1] ?? []).map(([id]) => id)
}

const LATEST = `
  select scope, subject, seq::float8 as seq from (
    select distinct on (scope, subject) scope, subject, seq
    from changes order by scope, subject, id desc
  ) latest where seq is not null`

/** What is as it was made. Who asked for it to be taken away was told that it could not be. */
const UNTOUCHED: Readonly<Record<Exclude<ChangeKind, 'logout'>, string>> = {
  ban: `select 'user ' || uid as entry from users where state <> 'banned'`,
  'role cut': `select 'user ' || uid as entry from users where role <> 'member'`,
  'key disable': `select 'key ' || kid as entry from api_keys where state <> 'disabled'`,
}

/**
 * The numbers that changes have in the log, by `scope id`, as Postgres keeps them. Of what was
 * never taken away, since Postgres was, the latest change is that it was made: it has none here.
 */
export async function readNumbers(
  databaseUrl: string,
  changes: readonly Pick<Change, 'kind' | 'entry'>[],
): Promise<ReadonlyMap<string, number>> {
  const database = openDatabase({ databaseUrl })
  try {
    const rows = await database.query<{ scope: string; subject: string; seq: number }>(LATEST)
    const numbers = new Map(rows.map(({ scope, subject, seq }) => [`${scope} ${subject}`, seq]))
    for (const [kind, text] of Object.entries(UNTOUCHED)) {
      const untouched = await database.query<{ entry: string }>(text)
      const entries = new Set(untouched.map(({ entry }) => entry))
      for (const change of changes) {
        if (change.kind === kind && entries.has(change.entry)) numbers.delete(change.entry)
      }
    }
    return numbers
  } finally {
    await database.close()
  }
}
