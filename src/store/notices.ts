import type { Scope } from '../core/invalidation.ts'
import type { Kept, Notice } from './board.ts'
import { type Closed, type EndReason, sidOf } from './closings.ts'
import type { Queryable } from './database.ts'
import {
  HOLDER_COLUMNS,
  type HolderRow,
  holderOf,
  KEY_COLUMNS,
  type KeyRow,
  keyPostingOf,
} from './key-rows.ts'
import { encodePrincipal } from './record.ts'

/** A committed change as it stands in Postgres. */
export interface ChangeRow {
  readonly id: number
  readonly scope: Scope
  readonly subject: string
  readonly ended: string
  readonly reason: EndReason
  readonly is_all: boolean
  /** Under which it was committed: a board sealed under a lower one does not know of it. */
  readonly epoch: number
}

/** The change of one session that ended: nothing of it can be other than it was recorded. */
export interface EndedSession {
  readonly id: number
  readonly epoch: number
  readonly hash: string
  readonly uid: string
  readonly reason: EndReason
}

const SELECT_OWNER = 'select uid from sessions where hash = $1'
const SELECT_HOLDER = `select ${HOLDER_COLUMNS} from holders h where h.uid = $1`
const SELECT_KEYS = `
  select ${KEY_COLUMNS} from api_keys k
  where k.uid = $1 and (k.expires_at is null or k.expires_at > now()) order by k.id`
const SELECT_KEY = `
  select ${KEY_COLUMNS}, ${HOLDER_COLUMNS}
  from api_keys k join holders h on h.uid = k.uid where k.kid = $1`
const SELECT_KEPT = `
  select s.hash, s.generation::float8 as generation
  from sessions s join users u using (uid)
  where s.uid = $1 and s.ended_at is null and s.ends_at > now()
    and s.generation > 0 and s.generation = u.generation`

/** Always from what is true now, not from what was true at the change: safe to repeat. */
export async function noticeOf(database: Queryable, row: ChangeRow): Promise<Notice> {
  const { scope, subject } = row
  if (scope === 'user') return userNotice(database, row)
  if (scope === 'key') return keyNotice(database, row)
  const ended = endedOf(row)
  return {
    scope,
    id: subject,
    ended,
    closed: await closedOf(database, row, ended),
    kept: [],
    principal: undefined,
  }
}

/** As `noticeOf` makes it of the same change, without a question. */
export function endedNotice({ hash, uid, reason }: EndedSession): Notice {
  const closed = [{ sid: sidOf(hash), uid, reason }]
  return { scope: 'session', id: hash, ended: [hash], closed, kept: [], principal: undefined }
}

/** Of a session that ended by itself; whose it was is known as long as Postgres keeps it. */
async function closedOf(
  database: Queryable,
  { reason }: ChangeRow,
  ended: readonly string[],
): Promise<readonly Closed[]> {
  const closed: Closed[] = []
  for (const hash of ended) {
    const [owner] = await database.query<{ uid: string }>(SELECT_OWNER, [hash])
    if (owner !== undefined) closed.push({ sid: sidOf(hash), uid: owner.uid, reason })
  }
  return closed
}

/** A user or a service account, with all keys, so that none is left with an older holder. */
async function userNotice(database: Queryable, row: ChangeRow): Promise<Notice> {
  const { scope, subject: id } = row
  const { reason } = row
  const ended = endedOf(row)
  const closed = ended.map((hash) => ({ sid: sidOf(hash), uid: id, reason }))
  if (row.is_all) closed.push({ sid: '', uid: id, reason })
  const notice = { scope, id, ended, closed }
  const [holder] = await database.query<HolderRow>(SELECT_HOLDER, [id])
  if (holder === undefined) return { ...notice, kept: [], principal: undefined }
  const kept = await database.query<Kept>(SELECT_KEPT, [id])
  const keys = await database.query<KeyRow>(SELECT_KEYS, [id])
  const posted = keys.map(keyPostingOf)
  return { ...notice, kept, keys: { ended: [], posted }, principal: principalNotice(holder) }
}

async function keyNotice(database: Queryable, row: ChangeRow): Promise<Notice> {
  const { scope, subject: id } = row
  const notice = { scope, id, ended: [], kept: [] }
  const [found] = await database.query<KeyRow & HolderRow>(SELECT_KEY, [id])
  if (found === undefined) {
    return { ...notice, keys: { ended: [id], posted: [] }, principal: undefined }
  }
  const keys = { ended: [], posted: [keyPostingOf(found)] }
  return { ...notice, keys, principal: principalNotice(found) }
}

function endedOf(row: ChangeRow): readonly string[] {
  return JSON.parse(row.ended) as readonly string[]
}

function principalNotice(row: HolderRow): NonNullable<Notice['principal']> {
  const { uid, version, generation } = row
  return { uid, version, generation, record: encodePrincipal(holderOf(row)) }
}
