import { Fault } from '../core/fault.ts'
import { type Board, KEY_GRACE_MS, type KeySealing, type Posting } from './board.ts'
import { type Database, LOCKS } from './database.ts'
import type { Keeper } from './invalidations.ts'
import {
  HOLDER_COLUMNS,
  type HolderRow,
  holderOf,
  KEY_COLUMNS,
  type KeyRow,
  keyPostingOf,
} from './key-rows.ts'
import type { Outbox } from './outbox.ts'
import { encodePrincipal, encodeSession } from './record.ts'
import {
  type PrincipalRow,
  principalOf,
  SESSION_COLUMNS,
  type SessionRow,
  sessionOf,
} from './rows.ts'

/** Sessions that are read and written in one step while sealing. */
const BATCH_MAX = 1_000
/**
 * Idle deadlines are copied back to Postgres this often: if Redis restarts empty, a session
 * has lost at most this much of its idle time, on top of the authorizers' touch interval.
 */
const IDLE_COPY_MS = 15_000
/** Copied back in one step. */
const IDLE_BATCH_MAX = 1_000
/** What is over is kept a week for those who ask what happened, then deleted, once an hour. */
const PURGE_MS = 3_600_000

const RAISE_EPOCH = 'update epoch set n = n + 1 returning n::float8 as n'
// The order of the primary key, so that a batch is one range of its index.
const SELECT_LIVE = `
  select ${SESSION_COLUMNS}, u.username, u.email, u.role, u.level, u.state, u.otp,
    u.referral_id::float8 as referral_id, u.version::float8 as version
  from sessions s join users u using (uid)
  where s.hash > $1 and s.ended_at is null and s.generation = u.generation
    and s.ends_at > to_timestamp($2::float8 / 1000)
  order by s.hash limit ${BATCH_MAX}`
const SELECT_KEYS = `
  select ${KEY_COLUMNS}, ${HOLDER_COLUMNS}
  from api_keys k join holders h on h.uid = k.uid
  where k.kid > $1
    and (k.expires_at is null or k.expires_at > to_timestamp($2::float8 / 1000))
  order by k.kid limit ${BATCH_MAX}`
const SELECT_ENDED = `
  select s.hash from sessions s
  where s.hash > $1 and s.ended_at is not null and s.ends_at > to_timestamp($2::float8 / 1000)
  order by s.hash limit ${BATCH_MAX}`
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
  readonly nowMs: () => number
}): Keeper {
  const { database, board, outbox, nowMs } = deps
  let idleCopiedAtMs = 0
  let purgedAtMs = 0

  async function refill(): Promise<boolean> {
    if (await board.isSealed()) return false
    const [raised] = await database.query<{ n: number }>(RAISE_EPOCH)
    if (raised === undefined) throw new Fault('store_unavailable', { about: 'no epoch: migrate' })
    await board.begin(raised.n)
    await forgetEnded(raised.n)
    await postLive(raised.n)
    await postKeys(raised.n)
    await board.seal(raised.n)
    return true
  }

  async function postLive(epochNumber: number): Promise<void> {
    let last = ''
    let writing: Promise<void> = Promise.resolve()
    for (;;) {
      // One batch is written while the next is read.
      const rows = await database.query<SessionRow & PrincipalRow>(SELECT_LIVE, [last, nowMs()])
      await writing
      writing = board.prepare(epochNumber, rows.map(postingOf), [])
      // Awaited in the next round; without this an early failure would count as unhandled.
      writing.catch(() => undefined)
      last = rows.at(-1)?.hash ?? last
      if (rows.length < BATCH_MAX) return writing
    }
  }

  /** After the sessions: of a holder's principal the one that was read last stays. */
  async function postKeys(epochNumber: number): Promise<void> {
    let last = ''
    let writing: Promise<void> = Promise.resolve()
    for (;;) {
      const values = [last, nowMs() - KEY_GRACE_MS]
      const rows = await database.query<KeyRow & HolderRow>(SELECT_KEYS, values)
      await writing
      writing = board.prepareKeys(epochNumber, rows.map(sealingOf))
      writing.catch(() => undefined)
      last = rows.at(-1)?.kid ?? last
      if (rows.length < BATCH_MAX) return writing
    }
  }

  /** A Redis restored from an old file may still hold them. */
  async function forgetEnded(epochNumber: number): Promise<void> {
    let last = ''
    for (;;) {
      const rows = await database.query<{ hash: string }>(SELECT_ENDED, [last, nowMs()])
      const hashes = rows.map((row) => row.hash)
      await board.prepare(epochNumber, [], hashes)
      last = hashes.at(-1) ?? last
      if (rows.length < BATCH_MAX) return
    }
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

  return {
    async seal() {
      if (await board.isSealed()) return false
      const isOurs = await database.exclusive(LOCKS.seal, refill)
      await outbox.publishOwed()
      return isOurs
    },
    copyIdle,
    async reconcile() {
      const count = await outbox.publishOwed()
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
    },
  }
}

function postingOf(row: SessionRow & PrincipalRow): Posting {
  const session = sessionOf(row)
  return {
    hash: session.hash,
    uid: session.uid,
    session: encodeSession(session),
    principal: encodePrincipal(principalOf(row)),
    principalVersion: row.version,
    generation: session.generation,
    idleAtMs: row.idle_at_ms,
    endsAtMs: session.endsAtMs,
  }
}

function sealingOf(row: KeyRow & HolderRow): KeySealing {
  const principal = encodePrincipal(holderOf(row))
  return { ...keyPostingOf(row), principal, principalVersion: row.version }
}
