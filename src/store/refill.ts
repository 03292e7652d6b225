import { Fault } from '../core/fault.ts'
import {
  type Board,
  type Filling,
  KEY_GRACE_MS,
  type KeySealing,
  type Refilling,
  type RefillingPrincipal,
} from './board.ts'
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
import { PRINCIPAL_COLUMNS, type PrincipalRow, principalOf, sessionOf } from './rows.ts'
import { readSessionLine, SESSION_LINE, type SessionLineRow } from './session-line.ts'

/** One step of sealing is tried so often while Redis is slow. */
const PREPARE_ATTEMPTS_MAX = 3
/** Steps that are with the board at once: it has work while the next is read and made ready. */
const STEPS_UNDER_WAY_MAX = 4

const SELECT_LIVE = `
  select ${SESSION_LINE} from sessions s join users u on u.uid = s.uid
  where s.ended_at is null and s.generation = u.generation
    and s.ends_at > to_timestamp($1::float8 / 1000)`
const SELECT_PRINCIPALS = `
  select ${PRINCIPAL_COLUMNS}, u.generation::float8 as generation,
    floor(extract(epoch from live.ends_at) * 1000)::float8 as ends_at_ms
  from users u join (
    select s.uid, max(s.ends_at) as ends_at from sessions s
    where s.ended_at is null and s.ends_at > to_timestamp($1::float8 / 1000) group by s.uid
  ) as live using (uid)`
const SELECT_KEYS = `
  select ${KEY_COLUMNS}, ${HOLDER_COLUMNS}
  from api_keys k join holders h on h.uid = k.uid
  where k.expires_at is null or k.expires_at > to_timestamp($1::float8 / 1000)`
const SELECT_ENDED = `
  select s.hash from sessions s
  where s.ended_at is not null and s.ends_at > to_timestamp($1::float8 / 1000)`

interface LivePrincipalRow extends PrincipalRow {
  readonly generation: number
  readonly ends_at_ms: number
}

export interface RefillOptions {
  readonly database: Pick<Database, 'scan'>
  readonly board: Pick<Board, 'begin' | 'prepare' | 'preparePrincipals' | 'prepareKeys'>
  readonly nowMs: () => number
}

/** Puts on a board, as `Board.begin`, what is live in Postgres, and takes off what is not. */
export async function fillBoard(
  options: RefillOptions,
  epochNumber: number,
  replaced?: number,
): Promise<void> {
  const { database, board } = options
  const now = options.nowMs()
  const filling: Filling = { epochNumber, isEmpty: await board.begin(epochNumber, replaced) }
  // A Redis restored from an old file may still hold them.
  if (!filling.isEmpty) {
    await pour<{ readonly hash: string }>(database, SELECT_ENDED, now, (rows) => {
      const hashes = rows.map(({ hash }) => hash)
      return () => board.prepare(filling, [], hashes)
    })
  }
  const sessions = pour<SessionLineRow>(database, SELECT_LIVE, now, (rows) => {
    const refilled = rows.map(refillingOf)
    return () => board.prepare(filling, refilled, [])
  })
  // At another moment than the sessions: who changes in between is owed to the board.
  const principals = pour<LivePrincipalRow>(database, SELECT_PRINCIPALS, now, (rows) => {
    const refilled = rows.map(refillingPrincipalOf)
    return () => board.preparePrincipals(filling, refilled)
  })
  await allOf(sessions, principals)
  // Of a holder's principal the one that was read last stays.
  await pour<KeyRow & HolderRow>(database, SELECT_KEYS, now - KEY_GRACE_MS, (rows) => {
    const sealings = rows.map(sealingOf)
    return () => board.prepareKeys(epochNumber, sealings)
  })
}

/** Takes all rows of a statement to the board: `ready` makes of some of them a step there. */
async function pour<Row>(
  database: Pick<Database, 'scan'>,
  text: string,
  atMs: number,
  ready: (rows: readonly Row[]) => () => Promise<void>,
): Promise<void> {
  const underWay: Promise<void>[] = []
  const scanned = database.scan<Row>(text, [atMs], async (rows) => {
    const step = patiently(ready(rows))
    // Awaited later; without this an early failure would count as unhandled.
    step.catch(() => undefined)
    underWay.push(step)
    if (underWay.length >= STEPS_UNDER_WAY_MAX) await underWay.shift()
  })
  await scanned.finally(() => Promise.allSettled(underWay))
  await allOf(...underWay)
}

/** Also where one fails: what the other writes belongs to this filling alone. */
async function allOf(...works: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === 'rejected') throw outcome.reason
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

function refillingOf({ line }: SessionLineRow): Refilling {
  const row = readSessionLine(line)
  return {
    hash: row.hash,
    uid: row.uid,
    session: encodeSession(sessionOf(row)),
    generation: row.generation,
    idleAtMs: row.idle_at_ms,
    endsAtMs: row.ends_at_ms,
  }
}

function refillingPrincipalOf(row: LivePrincipalRow): RefillingPrincipal {
  const { uid, version, generation, ends_at_ms: untilMs } = row
  return { uid, record: encodePrincipal(principalOf(row)), version, generation, untilMs }
}

function sealingOf(row: KeyRow & HolderRow): KeySealing {
  const principal = encodePrincipal(holderOf(row))
  return { ...keyPostingOf(row), principal, principalVersion: row.version }
}
