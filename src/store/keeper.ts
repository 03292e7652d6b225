import type { Clock } from '../core/clock.ts'
import { Fault } from '../core/fault.ts'
import type { Board } from './board.ts'
import { type Database, LOCKS } from './database.ts'
import type { Keeper } from './invalidations.ts'
import type { Outbox } from './outbox.ts'
import { fillBoard } from './refill.ts'
import { createStrandedWatch } from './stranded.ts'

/**
 * Idle deadlines are copied back to Postgres this often: if Redis restarts empty, a session
 * has lost at most this much of its idle time, on top of the authorizers' touch interval.
 */
const IDLE_COPY_MS = 15_000
/** Copied back in one step. */
const IDLE_BATCH_MAX = 1_000
/** What is over is kept a week for those who ask what happened, then deleted, once an hour. */
const PURGE_MS = 3_600_000

const READ_EPOCH = 'select n::float8 as n from epoch'
const RAISE_EPOCH = 'update epoch set n = n + 1 returning n::float8 as n'
const COPY_IDLE = `
  update sessions s set idle_at = greatest(s.idle_at, to_timestamp(t.idle / 1000))
  from (select key as hash, value::float8 as idle from json_each_text($1::text::json)) as t
  where s.hash = t.hash and s.ended_at is null`
const PURGES = [
  "delete from changes where applied_at < now() - interval '7 days'",
  "delete from sessions where ends_at < now() - interval '7 days'",
  "delete from api_keys where expires_at < now() - interval '30 days'",
  "delete from one_time_tokens where not_after < now() - interval '7 days'",
  "delete from whitelinks where not_after < now() - interval '7 days'",
] as const

export function createKeeper(deps: {
  readonly database: Database
  readonly board: Board
  readonly outbox: Outbox
  readonly clock: Clock
  /** How long a deposed primary may still take writes; 0 without automatic failover. */
  readonly fenceMs: number
}): Keeper {
  const { database, board, outbox, clock } = deps
  const { nowMs } = clock
  const watch = createStrandedWatch(deps)
  let idleCopiedAtMs = 0
  let purgedAtMs = 0
  /** Nobody may have published for a while: at the start, and after anything went wrong. */
  let isLate = true

  async function askEpoch(question: string): Promise<number> {
    const [row] = await database.query<{ n: number }>(question)
    if (row === undefined) throw new Fault('store_unavailable', { about: 'no epoch: migrate' })
    return row.n
  }

  /** Whether it has to be filled: it is not sealed, or under a number that is of no use. */
  async function isLacking(sealedAs: number | undefined): Promise<boolean> {
    return sealedAs === undefined || watch.isStranded(sealedAs, await askEpoch(READ_EPOCH))
  }

  async function refill(): Promise<boolean> {
    const sealedAs = await board.sealedAs()
    // Under the lock once more: whoever held it may have filled it, or raised the number.
    if (!(await isLacking(sealedAs))) return false
    const epochNumber = await askEpoch(RAISE_EPOCH)
    await fillBoard({ database, board, nowMs }, epochNumber, sealedAs)
    await board.seal(epochNumber)
    return true
  }

  async function copyIdle(): Promise<void> {
    for (;;) {
      const taken = await board.takeTouched(IDLE_BATCH_MAX)
      const deadlines = Object.fromEntries(taken.map((one) => [one.hash, one.idleAtMs]))
      // If this fails the batch is lost here, and noted again with the next touch.
      if (taken.length > 0) await database.query(COPY_IDLE, [JSON.stringify(deadlines)])
      if (taken.length < IDLE_BATCH_MAX) return
    }
  }

  async function seal(): Promise<boolean> {
    if (!(await isLacking(await board.sealedAs()))) return false
    const isOurs = await database.exclusive(LOCKS.seal, refill)
    await outbox.publishOwed()
    return isOurs
  }

  async function reconcile(): Promise<number> {
    const count = await (isLate ? outbox.publishOwed() : outbox.publishOverdue())
    isLate = false
    const now = nowMs()
    if (now - idleCopiedAtMs >= IDLE_COPY_MS) {
      idleCopiedAtMs = now
      await copyIdle()
    }
    if (now - purgedAtMs >= PURGE_MS) {
      purgedAtMs = now
      for (const purge of PURGES) await database.query(purge)
    }
    return count
  }

  function orLate<T>(work: Promise<T>): Promise<T> {
    return work.catch((fault: unknown) => {
      isLate = true
      throw fault
    })
  }

  return {
    seal: () => orLate(seal()),
    copyIdle,
    reconcile: () => orLate(reconcile()),
  }
}
