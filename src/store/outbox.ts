import { Fault } from '../core/fault.ts'
import { EVERY_SESSION, type Scope } from '../core/invalidation.ts'
import type { Acknowledger } from './acknowledge.ts'
import type { Board } from './board.ts'
import { type EndReason, sidOf } from './closings.ts'
import type { Database, Queryable } from './database.ts'
import type { Roster } from './members.ts'
import { type ChangeRow, type EndedSession, endedNotice, noticeOf } from './notices.ts'
import type { Receipts } from './receipts.ts'

export interface Change {
  readonly scope: Scope
  /** Session hash, uid, kid, or empty. */
  readonly subject: string
  readonly ended?: readonly string[]
  /** Why they ended; `revoked` if it is not said. */
  readonly reason?: EndReason
  /** All sessions of the subject ended, and none was kept. */
  readonly isAll?: boolean
}

/** Changes on their way from Postgres, where they are true, to the board, where they count. */
export interface Outbox {
  /** As `recordChange`. */
  record(transaction: Queryable, change: Change): Promise<number>
  /**
   * After the commit: on the board, and in force on every authorizer, when it resolves; in a
   * `collect` of Receipts, when that does. Throws `not_in_force` if it is recorded only.
   */
  publish(...owed: readonly Owed[]): Promise<void>
  /** Publishes what is still owed; how many. Throws if one could not be. */
  publishOwed(): Promise<number>
  /** The same, without what became owed since the last time: that is being published just now. */
  publishOverdue(): Promise<number>
}

/** A recorded change by its number; or one of which nothing has to be read again. */
export type Owed = number | EndedSession

interface EndedRow {
  readonly hash: string
  readonly uid: string
}

/** Sessions that are taken off the board in one step when all are ended. */
const ENDED_MAX = 1_000
/** Owed changes that are read at once. */
const OWED_MAX = 200

// The row lock on epoch makes a sealer wait for changes under way, and they for it.
const RECORD = `
  insert into changes (scope, subject, ended, reason, is_all, epoch)
  select $1, $2, $3::text::jsonb, $4, $5::boolean, held.n
  from (select n from epoch for share) as held
  returning id::float8 as id`
const CHANGE_COLUMNS = `
  id::float8 as id, scope, subject, ended::text as ended, reason, is_all, epoch::float8 as epoch`
const SELECT_CHANGE = `
  select ${CHANGE_COLUMNS}
  from changes
  where id = $1::float8::bigint`
const SELECT_OWED = `
  select ${CHANGE_COLUMNS}
  from changes
  where applied_at is null and id > $1::float8::bigint order by id limit ${OWED_MAX}`
const MARK_APPLIED = `
  update changes set applied_at = now(), seq = $2::float8::bigint
  where id = $1::float8::bigint and applied_at is null`
const SELECT_ENDED_BY = `
  select s.hash, s.uid from sessions s join changes c on c.created_at = s.ended_at
  where c.id = $1::float8::bigint and s.hash > $2 order by s.hash limit ${ENDED_MAX}`

/** Notes the change in the transaction that makes it; its number is for `Outbox.publish`. */
export async function recordChange(transaction: Queryable, change: Change): Promise<number> {
  const { scope, subject, ended = [], reason = 'revoked', isAll = false } = change
  const values = [scope, subject, JSON.stringify(ended), reason, isAll]
  const [row] = await transaction.query<{ id: number }>(RECORD, values)
  if (row === undefined) throw new Fault('store_unavailable', { about: 'no epoch: migrate' })
  return row.id
}

/** Puts changes on the board, and marks in Postgres that it has them. */
function createPutting(database: Database, board: Pick<Board, 'apply'>) {
  /** Takes the sessions that ended with this change off the board. */
  async function takeDown({ id: change, epoch, reason }: ChangeRow): Promise<void> {
    let last = ''
    for (;;) {
      const rows = await database.query<EndedRow>(SELECT_ENDED_BY, [change, last])
      const ended = rows.map((row) => row.hash)
      const id = ended.at(-1)
      if (id === undefined) return
      const closed = rows.map(({ hash, uid }) => ({ sid: sidOf(hash), uid, reason }))
      const rest = { kept: [], principal: undefined }
      await board.apply({ scope: 'session', id, ended, closed, ...rest }, epoch)
      last = id
    }
  }

  async function put(row: ChangeRow): Promise<Roster> {
    if (row.scope === 'session' && row.subject === EVERY_SESSION) await takeDown(row)
    return board.apply(await noticeOf(database, row), row.epoch)
  }

  /** Read again at each attempt: it is put on the board as what is true by then. */
  async function putOwed(owed: Owed): Promise<Roster> {
    if (typeof owed !== 'number') return board.apply(endedNotice(owed), owed.epoch)
    const [row] = await database.query<ChangeRow>(SELECT_CHANGE, [owed])
    if (row !== undefined) return put(row)
    throw new Fault('store_rejected', { about: `change ${owed} is gone` })
  }

  const mark = (id: number, { seq }: Roster) => database.query(MARK_APPLIED, [id, seq])

  return {
    put,
    mark,
    /** Nobody waits for `marks`: what stays unmarked is put on the board once more. */
    async putAll(all: readonly Owed[], marks: Promise<unknown>[]): Promise<Roster> {
      let last: Roster | undefined
      for (const owed of all) {
        const roster = await putOwed(owed)
        marks.push(mark(idOf(owed), roster).catch(() => undefined))
        // Numbers of two sealings say nothing about each other: all of them once more.
        if (last !== undefined && last.epoch !== roster.epoch) {
          throw new Fault('store_unsealed', { about: 'sealed anew between two changes' })
        }
        last = roster
      }
      if (last === undefined) throw new Fault('store_rejected', { about: 'no change to publish' })
      return last
    },
  }
}

export function createOutbox(deps: {
  readonly database: Database
  readonly board: Pick<Board, 'apply'>
  readonly acknowledger: Pick<Acknowledger, 'putInForce'>
  readonly receipts: Pick<Receipts, 'note'>
}): Outbox {
  const { database, board, acknowledger, receipts } = deps
  const { put, mark, putAll } = createPutting(database, board)
  const inHand = new Set<number>()
  let lastSeen = 0

  /** Puts on the board what is owed and `isMeant`. */
  async function sweep(isMeant: (id: number) => boolean): Promise<number> {
    let count = 0
    let last = 0
    let refused: unknown
    for (;;) {
      const rows = await database.query<ChangeRow>(SELECT_OWED, [last])
      last = rows.at(-1)?.id ?? last
      lastSeen = Math.max(lastSeen, last)
      for (const row of rows.filter(({ id }) => isMeant(id))) {
        try {
          await mark(row.id, await put(row))
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
  }

  return {
    record: recordChange,
    async publish(...owed) {
      if (owed.length === 0) return
      const ids = owed.map(idOf)
      for (const id of ids) inHand.add(id)
      const marks: Promise<unknown>[] = []
      // Who applied the last of several has applied those before it.
      const putting = acknowledger.putInForce(() => putAll(owed, marks))
      const done = async () => {
        await Promise.all(marks)
        for (const id of ids) inHand.delete(id)
      }
      putting.then(done, done)
      await receipts.note(putting)
    },
    publishOwed: () => sweep(() => true),
    publishOverdue() {
      const seen = lastSeen
      return sweep((id) => id <= seen && !inHand.has(id))
    },
  }
}

function idOf(owed: Owed): number {
  return typeof owed === 'number' ? owed : owed.id
}
