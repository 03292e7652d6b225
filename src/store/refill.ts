import { Fault } from '../core/fault.ts'
import { type Board, KEY_GRACE_MS, type KeySealing, type Refilling } from './board.ts'
import type { Database } from './database.ts'
import {
  HOLDER_COLUMNS,
  type HolderRow,
  holderOf,
  KEY_COLUMNS,
  type KeyRow,
  keyPostingOf,
} from './key-rows.ts'
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
/** One step of sealing is tried so often while Redis is slow. */
const PREPARE_ATTEMPTS_MAX = 3
/** Users whose principal is known to be written are remembered up to so many. */
const WRITTEN_MAX = 500_000

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

export interface RefillOptions {
  readonly database: Pick<Database, 'query'>
  readonly board: Pick<Board, 'begin' | 'prepare' | 'prepareKeys'>
  readonly nowMs: () => number
}

/** Puts on an unsealed board what is live in Postgres, and takes off what is not. */
export async function fillBoard(options: RefillOptions, epochNumber: number): Promise<void> {
  if (!(await options.board.begin(epochNumber))) await forgetEnded(options, epochNumber)
  await postLive(options, epochNumber)
  await postKeys(options, epochNumber)
}

async function postLive(options: RefillOptions, epochNumber: number): Promise<void> {
  const { database, board, nowMs } = options
  const refill = createRefill()
  await carry<SessionRow & PrincipalRow>({
    read: (last) => database.query(SELECT_LIVE, [last, nowMs()]),
    keyOf: ({ hash }) => hash,
    write(rows) {
      const postings = rows.map(refill)
      return patiently(() => board.prepare(epochNumber, postings, []))
    },
  })
}

/** After the sessions: of a holder's principal the one that was read last stays. */
async function postKeys(options: RefillOptions, epochNumber: number): Promise<void> {
  const { database, board, nowMs } = options
  await carry<KeyRow & HolderRow>({
    read: (last) => database.query(SELECT_KEYS, [last, nowMs() - KEY_GRACE_MS]),
    keyOf: ({ kid }) => kid,
    write(rows) {
      const sealings = rows.map(sealingOf)
      return patiently(() => board.prepareKeys(epochNumber, sealings))
    },
  })
}

/** A Redis restored from an old file may still hold them. */
async function forgetEnded(options: RefillOptions, epochNumber: number): Promise<void> {
  const { database, board, nowMs } = options
  await carry<{ readonly hash: string }>({
    read: (last) => database.query(SELECT_ENDED, [last, nowMs()]),
    keyOf: ({ hash }) => hash,
    write(rows) {
      const hashes = rows.map(({ hash }) => hash)
      return patiently(() => board.prepare(epochNumber, [], hashes))
    },
  })
}

interface Carrying<R> {
  /** The rows behind this key, at most BATCH_MAX. */
  read(last: string): Promise<readonly R[]>
  keyOf(row: R): string
  write(rows: readonly R[]): Promise<void>
}

/** All rows, batch by batch: one is written while the next is read. */
async function carry<R>({ read, keyOf, write }: Carrying<R>): Promise<void> {
  let last = ''
  let writing: Promise<void> = Promise.resolve()
  for (;;) {
    const rows = await read(last)
    await writing
    writing = write(rows)
    // Awaited in the next round; without this an early failure would count as unhandled.
    writing.catch(() => undefined)
    const end = rows.at(-1)
    if (end !== undefined) last = keyOf(end)
    if (rows.length < BATCH_MAX) return writing
  }
}

/** Again is harmless, and one slow step is no reason to begin with the first row again. */
async function patiently(step: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step()
    } catch (fault) {
      const isSlow = fault instanceof Fault && fault.code === 'store_timeout'
      if (!isSlow || attempt === PREPARE_ATTEMPTS_MAX) throw fault
    }
  }
}

/** A principal goes with the first session of its user, and with those that end later. */
function createRefill(): (row: SessionRow & PrincipalRow) => Refilling {
  const untilMs = new Map<string, number>()
  return (row) => {
    const session = sessionOf(row)
    const { hash, uid, generation, endsAtMs } = session
    const isWritten = (untilMs.get(uid) ?? 0) >= endsAtMs
    if (untilMs.size >= WRITTEN_MAX) untilMs.clear()
    if (!isWritten) untilMs.set(uid, endsAtMs)
    return {
      ...{ hash, uid, generation, endsAtMs, idleAtMs: row.idle_at_ms },
      session: encodeSession(session),
      principal: isWritten ? undefined : encodePrincipal(principalOf(row)),
      principalVersion: row.version,
    }
  }
}

function sealingOf(row: KeyRow & HolderRow): KeySealing {
  const principal = encodePrincipal(holderOf(row))
  return { ...keyPostingOf(row), principal, principalVersion: row.version }
}
