import { Fault } from '../core/fault.ts'
import type { Database, SqlValue } from './database.ts'
import type { Outbox } from './outbox.ts'
import { PRINCIPAL_COLUMNS, type PrincipalRow, principalOf } from './rows.ts'
import { forgetSecondFactor, publishAll, recordUserChange } from './sql-holders.ts'
import type { Label, User, UserChange, UserQuery, Users } from './users.ts'

const USER_COLUMNS = `${PRINCIPAL_COLUMNS},
  u.id::float8 as id, u.password_digest, r.uid as referral_uid, u.data,
  floor(extract(epoch from u.created_at) * 1000)::float8 as created_at_ms,
  floor(extract(epoch from u.updated_at) * 1000)::float8 as updated_at_ms`
const FROM_USERS = 'from users u left join users r on r.id = u.referral_id'

const INSERT = `
  insert into users (uid, username, email, password_digest, role, level, state, referral_id, data)
  values ($1, $2, $3, $4, $5, $6::float8::integer, $7, $8::float8::bigint, $9)`
const SELECT_BY_EMAIL = `select ${USER_COLUMNS} ${FROM_USERS} where u.email = $1`
const SELECT_BY_UID = `select ${USER_COLUMNS} ${FROM_USERS} where u.uid = $1`
const COUNT = 'select count(*)::float8 as count from users'

const MATCHES = `
  where ($1::text is null or u.uid = $1) and ($2::text is null or u.email = $2)
    and ($3::text is null or u.role = $3) and ($4::float8 is null or u.level = $4)
    and ($5::text is null or u.state = $5)
    and ($7::float8 is null or to_timestamp($7::float8 / 1000) <=
      case when $6::text = 'updated' then u.updated_at else u.created_at end)
    and ($8::float8 is null or to_timestamp($8::float8 / 1000) >=
      case when $6::text = 'updated' then u.updated_at else u.created_at end)`
const COUNT_MATCHES = `select count(*)::float8 as count ${FROM_USERS} ${MATCHES}`
/** Only words of this table reach a statement, never what a caller wrote. */
const ORDER_BY = {
  id: 'u.id',
  uid: 'u.uid',
  email: 'u.email',
  role: 'u.role',
  level: 'u.level',
  state: 'u.state',
  created_at: 'u.created_at',
  updated_at: 'u.updated_at',
} as const satisfies Record<UserQuery['orderBy'], string>
const ORDERINGS = { asc: 'asc', desc: 'desc' } as const

const UPDATE = `
  update users set role = coalesce($2, role), state = coalesce($3, state),
    level = coalesce($4::float8::integer, level), otp = coalesce($5::boolean, otp),
    data = case when $6::boolean then $7 else data end,
    password_digest = coalesce($8, password_digest),
    version = version + 1, updated_at = now()
  where uid = $1 returning uid`

const SELECT_LABELS = `
  select l.key, l.value, l.scope,
    floor(extract(epoch from l.created_at) * 1000)::float8 as created_at_ms,
    floor(extract(epoch from l.updated_at) * 1000)::float8 as updated_at_ms
  from labels l join users u on u.id = l.user_id where u.uid = $1 order by l.key, l.scope`
const PUT_LABEL = `
  insert into labels (user_id, key, value, scope)
  select u.id, $2, $3, $4 from users u where u.uid = $1
  on conflict (user_id, key, scope) do update set value = excluded.value, updated_at = now()
  returning key`

const LIMIT_MAX = 100

interface UserRow extends PrincipalRow {
  readonly id: number
  readonly password_digest: string
  readonly referral_uid: string | null
  readonly data: string | null
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

interface LabelRow {
  readonly key: string
  readonly value: string
  readonly scope: Label['scope']
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

/** The one spelling under which an e-mail address or a username is stored and found. */
function foldName(name: string): string {
  return name.trim().toLowerCase()
}

export function createUsers(database: Database, outbox: Outbox): Users {
  async function findByUid(uid: string): Promise<User | undefined> {
    const [row] = await database.query<UserRow>(SELECT_BY_UID, [uid])
    return row === undefined ? undefined : userOf(row)
  }

  return {
    findByUid,
    async create(user) {
      const { uid, username, email, passwordDigest, role, level, state, referralId, data } = user
      const name = username === null ? null : foldName(username)
      const values = [uid, name, foldName(email), passwordDigest, role, level, state]
      try {
        await database.query(INSERT, [...values, referralId, data])
      } catch (cause) {
        throw takenField(cause)
      }
      const created = await findByUid(uid)
      if (created === undefined) throw new Fault('store_unavailable', { about: 'Postgres' })
      return created
    },
    async findByEmail(email) {
      const [row] = await database.query<UserRow>(SELECT_BY_EMAIL, [foldName(email)])
      return row === undefined ? undefined : userOf(row)
    },
    async find(query) {
      const filter = filterOf(query)
      const limit = Math.min(Math.max(1, query.limit), LIMIT_MAX)
      const offset = (Math.max(1, query.page) - 1) * limit
      const order = `${ORDER_BY[query.orderBy]} ${ORDERINGS[query.ordering]}, u.id`
      const rows = await database.query<UserRow>(
        `select ${USER_COLUMNS} ${FROM_USERS} ${MATCHES} order by ${order}
          limit $9::float8::bigint offset $10::float8::bigint`,
        [...filter, limit, offset],
      )
      const [counted] = await database.query<{ count: number }>(COUNT_MATCHES, filter)
      return { users: rows.map(userOf), total: counted?.count ?? 0 }
    },
    async change(uid, change) {
      const owed = await database.transaction(async (transaction) => {
        const [row] = await transaction.query(UPDATE, valuesOf(uid, change))
        if (row === undefined || !isFact(change)) return undefined
        if (change.otp === false) await forgetSecondFactor(transaction, uid)
        return recordUserChange(transaction, outbox, { uid })
      })
      if (owed !== undefined) await publishAll(outbox, owed)
      return findByUid(uid)
    },
    async labels(uid) {
      const rows = await database.query<LabelRow>(SELECT_LABELS, [uid])
      return rows.map(({ key, value, scope, created_at_ms, updated_at_ms }) => {
        return { key, value, scope, createdAtMs: created_at_ms, updatedAtMs: updated_at_ms }
      })
    },
    async putLabel(uid, { key, value, scope }) {
      const [row] = await database.query(PUT_LABEL, [uid, key, value, scope])
      if (row === undefined) throw new Fault('store_conflict', { about: 'no such user' })
    },
    async count() {
      const [row] = await database.query<{ count: number }>(COUNT)
      return row?.count ?? 0
    },
  }
}

/** Whether an authorizer has to know: the rest never leaves Postgres. */
function isFact(change: UserChange): boolean {
  const { role, state, level, otp } = change
  return [role, state, level, otp].some((value) => value !== undefined)
}

function valuesOf(uid: string, change: UserChange): readonly SqlValue[] {
  const { role = null, state = null, level = null, otp = null, data } = change
  return [uid, role, state, level, otp, data !== undefined, data ?? null, digestOf(change)]
}

function digestOf(change: UserChange): string | null {
  return change.passwordDigest ?? null
}

function filterOf(query: UserQuery): readonly SqlValue[] {
  const { uid = null, email, role = null, level = null, state = null, range } = query
  const folded = email === undefined ? null : foldName(email)
  return [uid, folded, role, level, state, range ?? 'created', query.fromMs ?? null].concat(
    query.toMs ?? null,
  )
}

function userOf(row: UserRow): User {
  return {
    ...principalOf(row),
    id: row.id,
    passwordDigest: row.password_digest,
    referralUid: row.referral_uid,
    data: row.data,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}

/** Names the field rather than the index. */
function takenField(cause: unknown): unknown {
  if (!(cause instanceof Fault) || cause.code !== 'store_conflict') return cause
  const field = /users_(email|username|uid)/.exec(cause.message)?.[1] ?? 'uid'
  return new Fault('store_conflict', { about: field, cause })
}
