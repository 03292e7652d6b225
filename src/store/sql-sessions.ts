import { Fault } from '../core/fault.ts'
import type { Session } from '../core/principal.ts'
import type { Board, Posting } from './board.ts'
import type { EndReason } from './closings.ts'
import type { Database, Queryable } from './database.ts'
import type { EndedSession } from './notices.ts'
import type { Outbox } from './outbox.ts'
import { encodePrincipal, encodeSession } from './record.ts'
import {
  PRINCIPAL_COLUMNS,
  type PrincipalRow,
  principalOf,
  SESSION_COLUMNS,
  type SessionRow,
  sessionOf,
  wordsOf,
} from './rows.ts'
import type { SessionListing, Sessions } from './sessions.ts'

/** A sealing may overtake an opening; twice in a row is not bad luck any more. */
const OPEN_ATTEMPTS_MAX = 3

const SELECT_GENERATION = 'select generation::float8 as generation from users where uid = $1'
// The row locks make `endAll` and a sealer wait for this login, or this login see them.
const SELECT_USER = `
  select ${PRINCIPAL_COLUMNS}, u.generation::float8 as generation, e.n::float8 as n
  from users u, epoch e where u.uid = $1 for share`
const INSERT = `
  insert into sessions (hash, uid, csrf_token, user_agent, address, address_words, generation,
    created_at, ends_at, idle_at)
  values ($1, $2, $3, $4, $5, $6, $7::float8::bigint, to_timestamp($8::float8 / 1000),
    to_timestamp($9::float8 / 1000), to_timestamp($10::float8 / 1000))`
const SELECT_POSTING = `
  select ${PRINCIPAL_COLUMNS}, u.generation::float8 as generation, e.n::float8 as n
  from sessions s join users u using (uid), epoch e
  where s.hash = $1 and s.ended_at is null and s.generation = u.generation`
const SELECT_ONE = `
  select ${SESSION_COLUMNS} from sessions s
  where s.hash = $1 and s.ended_at is null and s.ends_at > to_timestamp($2::float8 / 1000)`
const SELECT_OF_USER = `
  select ${SESSION_COLUMNS} from sessions s
  where s.uid = $1 and s.ended_at is null and s.ends_at > to_timestamp($2::float8 / 1000)
  order by s.created_at desc, s.hash`
// Ends it and notes the change, as `recordChange` does, in one step: a logout waits for this.
const END_ONE = `
  with held as (select n from epoch for share),
  ended as (
    update sessions s set ended_at = to_timestamp($2::float8 / 1000) from held
    where s.hash = $1 and s.ended_at is null and s.ends_at > to_timestamp($2::float8 / 1000)
    returning s.hash, s.uid, held.n),
  noted as (
    insert into changes (scope, subject, ended, reason, is_all, epoch)
    select 'session', hash, jsonb_build_array(hash), $3, false, n from ended
    returning id, epoch)
  select noted.id::float8 as id, noted.epoch::float8 as epoch, ended.hash, ended.uid
  from noted, ended`
const RAISE = `
  update users set generation = generation + 1, version = version + 1 where uid = $1
  returning uid`
const END_ALL = `
  update sessions set ended_at = to_timestamp($2::float8 / 1000)
  where uid = $1 and ended_at is null and hash is distinct from $3
  returning hash, ends_at > to_timestamp($2::float8 / 1000) as is_live`
const LIFT = `
  update sessions s set generation = u.generation from users u
  where s.uid = u.uid and s.hash = $2 and s.uid = $1 and s.ended_at is null`

interface UserRow extends PrincipalRow {
  readonly generation: number
  readonly n: number
}

export function createSessions(deps: {
  readonly database: Database
  readonly board: Board
  readonly outbox: Outbox
  readonly nowMs: () => number
}): Sessions {
  const { database, board, outbox, nowMs } = deps

  /** Postgres is a little behind; without the board its word is good enough for a listing. */
  const askDeadlines = (hashes: readonly string[]) => board.idleDeadlines(hashes).catch(() => [])

  function listingsOf(
    rows: readonly SessionRow[],
    known: readonly (number | undefined)[],
  ): SessionListing[] {
    const listings = rows.map((row, index) => ({
      session: sessionOf(row),
      idleAtMs: Math.max(row.idle_at_ms, known[index] ?? 0),
    }))
    const now = nowMs()
    return listings.filter((one) => one.idleAtMs > now)
  }

  async function post(session: Session, idleAtMs: number, inserted: UserRow): Promise<void> {
    let user = inserted
    for (let attempt = 1; attempt <= OPEN_ATTEMPTS_MAX; attempt++) {
      const outcome = await board.open(postingOf(session, idleAtMs, user), user.n)
      if (outcome === 'opened') return
      if (outcome === 'outdated') throw outdated()
      const [again] = await database.query<UserRow>(SELECT_POSTING, [session.hash])
      if (again === undefined) throw outdated()
      user = again
    }
    throw new Fault('store_unavailable', { about: 'sealed again and again' })
  }

  /** Ends it in Postgres; the change that is owed to the board. */
  async function finish(hash: string, reason: EndReason): Promise<EndedSession | undefined> {
    const values = [hash, nowMs(), reason]
    const [row] = await database.query<Omit<EndedSession, 'reason'>>(END_ONE, values)
    return row && { ...row, reason }
  }

  return {
    async generation(uid) {
      const [row] = await database.query<{ generation: number }>(SELECT_GENERATION, [uid])
      if (row === undefined) throw new Fault('store_conflict', { about: 'no such user' })
      return row.generation
    },
    async open(session, idleAtMs) {
      const user = await insertSession(database, session, idleAtMs)
      try {
        await post(session, idleAtMs, user)
      } catch (fault) {
        // Nobody will hear of this session: it must not be found alive by the next sealing.
        await finish(session.hash, 'revoked').catch(() => undefined)
        throw fault
      }
    },
    async find(hash) {
      // At once: every call of somebody signed in begins with these.
      const [rows, known] = await Promise.all([
        database.query<SessionRow>(SELECT_ONE, [hash, nowMs()]),
        askDeadlines([hash]),
      ])
      return listingsOf(rows, known)[0]
    },
    async list(uid) {
      const rows = await database.query<SessionRow>(SELECT_OF_USER, [uid, nowMs()])
      return listingsOf(rows, await askDeadlines(rows.map((row) => row.hash)))
    },
    async end(hash, reason = 'logout') {
      const change = await finish(hash, reason)
      if (change === undefined) return false
      await outbox.publish(change)
      return true
    },
    async endAll(uid, exceptHash, reason = 'revoked') {
      const done = await database.transaction(async (transaction) => {
        const ended = await endSessions(transaction, { uid, exceptHash, nowMs: nowMs() })
        if (ended === undefined) return undefined
        const change = await outbox.record(transaction, {
          ...{ scope: 'user', subject: uid, ended, reason },
          isAll: exceptHash === undefined,
        })
        return { change, count: ended.length }
      })
      if (done === undefined) return 0
      await outbox.publish(done.change)
      return done.count
    },
  }
}

/**
 * Ends all of a user's sessions but one, in the caller's transaction; the hashes of those that
 * were live are for the outbox. Undefined if there is no such user.
 */
export async function endSessions(
  transaction: Queryable,
  of: { readonly uid: string; readonly exceptHash: string | undefined; readonly nowMs: number },
): Promise<readonly string[] | undefined> {
  const { uid, exceptHash, nowMs } = of
  const [user] = await transaction.query(RAISE, [uid])
  if (user === undefined) return undefined
  const values = [uid, nowMs, exceptHash ?? null]
  const rows = await transaction.query<{ hash: string; is_live: boolean }>(END_ALL, values)
  if (exceptHash !== undefined) await transaction.query(LIFT, [uid, exceptHash])
  return rows.filter((row) => row.is_live).map((row) => row.hash)
}

async function insertSession(
  database: Database,
  session: Session,
  idleAtMs: number,
): Promise<UserRow> {
  return database.transaction(async (transaction) => {
    const [user] = await transaction.query<UserRow>(SELECT_USER, [session.uid])
    if (user === undefined || user.generation !== session.generation) throw outdated()
    const { hash, uid, csrfToken, userAgent, address, generation } = session
    await transaction.query(INSERT, [
      ...[hash, uid, csrfToken, userAgent, address.text, wordsOf(address), generation],
      ...[session.createdAtMs, session.endsAtMs, idleAtMs],
    ])
    return user
  })
}

function postingOf(session: Session, idleAtMs: number, user: UserRow): Posting {
  return {
    hash: session.hash,
    uid: session.uid,
    session: encodeSession(session),
    principal: encodePrincipal(principalOf(user)),
    principalVersion: user.version,
    generation: session.generation,
    idleAtMs,
    endsAtMs: session.endsAtMs,
  }
}

function outdated(): Fault {
  return new Fault('store_conflict', { about: 'the sessions of this user were ended meanwhile' })
}
