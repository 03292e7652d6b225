import { Fault } from '../core/fault.ts'
import { EVERY_SESSION, type Scope } from '../core/invalidation.ts'
import type { Board, Kept, Notice } from './board.ts'
import type { Database, Queryable } from './database.ts'
import {
  HOLDER_COLUMNS,
  type HolderRow,
  holderOf,
  KEY_COLUMNS,
  type KeyRow,
  keyPostingOf,
} from './key-rows.ts'
import { encodePrincipal } from './record.ts'

export interface Change {
  readonly scope: Scope
  /** Session hash, uid, kid, or empty. */
  readonly subject: string
  readonly ended?: readonly string[]
}

/** Changes on their way from Postgres, where they are true, to the board, where they count. */
export interface Outbox {
  /** As `recordChange`. */
  record(transaction: Queryable, change: Change): Promise<number>
  /** After the commit. Throws `store_unavailable` if it is recorded but not yet in force. */
  publish(id: number): Promise<void>
  /** Publishes what is still owed; how many. Throws if one could not be. */
  publishOwed(): Promise<number>
}

interface ChangeRow {
  readonly id: number
  readonly scope: Scope
  readonly subject: string
  readonly ended: string
}

/** Sessions that are taken off the board in one step when all are ended. */
const ENDED_MAX = 1_000
/** Owed changes that are read at once. */
const OWED_MAX = 200

// The row lock on epoch makes a sealer wait for changes under way, and they for it.
const RECORD = `
  insert into changes (scope, subject, ended)
  select $1, $2, $3::text::jsonb from (select n from epoch for share) as held
  returning id::float8 as id`
const SELECT_CHANGE = `
  select id::float8 as id, scope, subject, ended::text as ended from changes
  where id = $1::float8::bigint`
const SELECT_OWED = `
  select id::float8 as id, scope, subject, ended::text as ended from changes
  where applied_at is null and id > $1::float8::bigint order by id limit ${OWED_MAX}`
const MARK_APPLIED = `
  update changes set applied_at = now() where id = $1::float8::bigint and applied_at is null`
const SELECT_HOLDER = `select ${HOLDER_COLUMNS} from holders h where h.uid = $1`
const SELECT_KEYS = `
  select ${KEY_COLUMNS} from api_keys k
  where k.uid = $1 and (k.expires_at is null or k.expires_at > now()) order by k.id`
const SELECT_KEY = `
  select ${KEY_COLUMNS}, ${HOLDER_COLUMNS}
  from api_keys k join holders h on h.uid = k.uid where k.kid = $1`
const SELECT_ENDED_BY = `
  select s.hash from sessions s join changes c on c.created_at = s.ended_at
  where c.id = $1::float8::bigint and s.hash > $2 order by s.hash limit ${ENDED_MAX}`
const SELECT_KEPT = `
  select s.hash, s.generation::float8 as generation
  from sessions s join users u using (uid)
  where s.uid = $1 and s.ended_at is null and s.ends_at > now()
    and s.generation > 0 and s.generation = u.generation`

/** Notes the change in the transaction that makes it; its number is for `Outbox.publish`. */
export async function recordChange(transaction: Queryable, change: Change): Promise<number> {
  const { scope, subject, ended = [] } = change
  const values = [scope, subject, JSON.stringify(ended)]
  const [row] = await transaction.query<{ id: number }>(RECORD, values)
  if (row === undefined) throw new Fault('store_unavailable', { about: 'no epoch: migrate' })
  return row.id
}

export function createOutbox(database: Database, board: Board): Outbox {
  /** Always from what is true now, not from what was true at the change: safe to repeat. */
  async function noticeOf(row: ChangeRow): Promise<Notice> {
    const { scope, subject } = row
    if (scope === 'user') return userNotice(row)
    if (scope === 'key') return keyNotice(row)
    return { scope, id: subject, ended: endedOf(row), kept: [], principal: undefined }
  }

  /** A user or a service account, with all keys, so that none is left with an older holder. */
  async function userNotice(row: ChangeRow): Promise<Notice> {
    const { scope, subject: id } = row
    const notice = { scope, id, ended: endedOf(row) }
    const [holder] = await database.query<HolderRow>(SELECT_HOLDER, [id])
    if (holder === undefined) return { ...notice, kept: [], principal: undefined }
    const kept = await database.query<Kept>(SELECT_KEPT, [id])
    const keys = await database.query<KeyRow>(SELECT_KEYS, [id])
    const posted = keys.map(keyPostingOf)
    return { ...notice, kept, keys: { ended: [], posted }, principal: principalNotice(holder) }
  }

  async function keyNotice({ scope, subject: id }: ChangeRow): Promise<Notice> {
    const notice = { scope, id, ended: [], kept: [] }
    const [row] = await database.query<KeyRow & HolderRow>(SELECT_KEY, [id])
    if (row === undefined) {
      return { ...notice, keys: { ended: [id], posted: [] }, principal: undefined }
    }
    const keys = { ended: [], posted: [keyPostingOf(row)] }
    return { ...notice, keys, principal: principalNotice(row) }
  }

  /** Takes the sessions that ended with this change off the board. */
  async function takeDown(change: number): Promise<void> {
    let last = ''
    for (;;) {
      const rows = await database.query<{ hash: string }>(SELECT_ENDED_BY, [change, last])
      const ended = rows.map((row) => row.hash)
      const id = ended.at(-1)
      if (id === undefined) return
      await board.apply({ scope: 'session', id, ended, kept: [], principal: undefined })
      last = id
    }
  }

  async function put(row: ChangeRow): Promise<void> {
    if (row.scope === 'session' && row.subject === EVERY_SESSION) await takeDown(row.id)
    await board.apply(await noticeOf(row))
    await database.query(MARK_APPLIED, [row.id])
  }

  return {
    record: recordChange,
    async publish(id) {
      try {
        const [row] = await database.query<ChangeRow>(SELECT_CHANGE, [id])
        if (row === undefined) throw new Error(`change ${id} is gone`)
        await put(row)
      } catch (cause) {
        throw new Fault('store_unavailable', { about: 'recorded, not yet in force', cause })
      }
    },
    async publishOwed() {
      let count = 0
      let last = 0
      let refused: unknown
      for (;;) {
        const rows = await database.query<ChangeRow>(SELECT_OWED, [last])
        for (const row of rows) {
          last = row.id
          try {
            await put(row)
            count += 1
          } catch (cause) {
            // One change that cannot be read must not hold up those behind it.
            if (!(cause instanceof Fault) || cause.code !== 'store_garbage') throw cause
            refused ??= cause
          }
        }
        if (rows.length < OWED_MAX) break
      }
      if (refused !== undefined) throw refused
      return count
    },
  }
}

function endedOf(row: ChangeRow): readonly string[] {
  return JSON.parse(row.ended) as readonly string[]
}

function principalNotice(row: HolderRow): NonNullable<Notice['principal']> {
  const { uid, version, generation } = row
  return { uid, version, generation, record: encodePrincipal(holderOf(row)) }
}
