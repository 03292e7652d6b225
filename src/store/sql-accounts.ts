import { Fault } from '../core/fault.ts'
import {
  SERVICES_PER_OWNER_MAX,
  type ServiceAccount,
  type ServiceAccountQuery,
  type ServiceAccounts,
} from './accounts.ts'
import type { Database, SqlValue } from './database.ts'
import type { Outbox } from './outbox.ts'
import { publishAll, recordServiceChange } from './sql-holders.ts'

const COLUMNS = `
  s.uid, s.email, s.role, s.level, s.state, s.owner_uid, s.version::float8 as version,
  floor(extract(epoch from s.created_at) * 1000)::float8 as created_at_ms,
  floor(extract(epoch from s.updated_at) * 1000)::float8 as updated_at_ms`

// An owner's row is locked so that a ban waits for the account, or the account sees it.
const LOCK_OWNER = `
  select u.level, u.state,
    (select count(*)::float8 from service_accounts s where s.owner_uid = u.uid) as count
  from users u where u.uid = $1 for no key update`
const IS_USER = 'select 1 as n from users u where u.uid = $1'
const INSERT = `
  insert into service_accounts (uid, email, role, level, state, owner_uid)
  values ($1, $2, $3, $4::float8::integer, $5, $6)`
const SELECT_ONE = `select ${COLUMNS} from service_accounts s where s.uid = $1`
const MATCHES = `
  where ($1::text is null or s.uid = $1) and ($2::text is null or s.owner_uid = $2)
    and ($3::text is null or s.email = $3) and ($4::text is null or s.role = $4)
    and ($5::text is null or s.state = $5)`
const COUNT = `select count(*)::float8 as count from service_accounts s ${MATCHES}`
const SELECT_PAGE = {
  asc: `select ${COLUMNS} from service_accounts s ${MATCHES} order by s.id
    limit $6::float8::bigint offset $7::float8::bigint`,
  desc: `select ${COLUMNS} from service_accounts s ${MATCHES} order by s.id desc
    limit $6::float8::bigint offset $7::float8::bigint`,
} as const
const UPDATE = `
  update service_accounts set email = coalesce($2, email), role = coalesce($3, role),
    level = coalesce($4::float8::integer, level), state = coalesce($5, state),
    version = version + 1, updated_at = now()
  where uid = $1 returning uid`

const LIMIT_MAX = 100

interface Row {
  readonly uid: string
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly owner_uid: string | null
  readonly version: number
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

interface OwnerRow {
  readonly level: number
  readonly state: string
  readonly count: number
}

export function createServiceAccounts(database: Database, outbox: Outbox): ServiceAccounts {
  async function find(uid: string): Promise<ServiceAccount | undefined> {
    const [row] = await database.query<Row>(SELECT_ONE, [uid])
    return row === undefined ? undefined : accountOf(row)
  }

  return {
    find,
    async create({ uid, email, role, level, state, ownerUid }) {
      const refusal = await database
        .transaction(async (transaction) => {
          const [owner] =
            ownerUid === null ? [] : await transaction.query<OwnerRow>(LOCK_OWNER, [ownerUid])
          if (ownerUid !== null && owner === undefined) return 'unknown'
          if (owner !== undefined && owner.count >= SERVICES_PER_OWNER_MAX) return 'full'
          // Both are principals by their uid: one name must not mean two.
          const [user] = await transaction.query(IS_USER, [uid])
          if (user !== undefined) throw new Fault('store_conflict', { about: 'uid' })
          const own = {
            level: level ?? owner?.level ?? 0,
            state: state ?? owner?.state ?? 'pending',
          }
          const values = [uid, email.trim().toLowerCase(), role, own.level, own.state, ownerUid]
          await transaction.query(INSERT, values)
          return undefined
        })
        .catch((cause: unknown) => {
          throw takenField(cause)
        })
      if (refusal !== undefined) return { outcome: refusal }
      const account = await find(uid)
      return account === undefined ? { outcome: 'unknown' } : { outcome: 'done', account }
    },
    async list(query) {
      const filter = filterOf(query)
      const limit = Math.min(Math.max(1, query.limit), LIMIT_MAX)
      const offset = (Math.max(1, query.page) - 1) * limit
      const select = SELECT_PAGE[query.ordering]
      const rows = await database.query<Row>(select, [...filter, limit, offset])
      const [counted] = await database.query<{ count: number }>(COUNT, filter)
      return { accounts: rows.map(accountOf), total: counted?.count ?? 0 }
    },
    async change(uid, { email, role = null, level = null, state = null }) {
      const values = [uid, email?.trim().toLowerCase() ?? null, role, level, state]
      const owed = await database
        .transaction(async (transaction) => {
          const [row] = await transaction.query(UPDATE, values)
          return row === undefined ? undefined : recordServiceChange(transaction, outbox, uid)
        })
        .catch((cause: unknown) => {
          throw takenField(cause)
        })
      if (owed === undefined) return undefined
      await publishAll(outbox, owed)
      return find(uid)
    },
  }
}

function filterOf(query: ServiceAccountQuery): readonly SqlValue[] {
  const { uid = null, ownerUid = null, email, role = null, state = null } = query
  return [uid, ownerUid, email?.trim().toLowerCase() ?? null, role, state]
}

function accountOf(row: Row): ServiceAccount {
  return {
    ...{ uid: row.uid, kind: 'service', username: null, email: row.email, role: row.role },
    ...{ level: row.level, state: row.state, referralId: null, otp: false },
    ...{ version: row.version, ownerUid: row.owner_uid },
    ...{ createdAtMs: row.created_at_ms, updatedAtMs: row.updated_at_ms },
  }
}

/** Names the field rather than the index. */
function takenField(cause: unknown): unknown {
  if (!(cause instanceof Fault) || cause.code !== 'store_conflict') return cause
  const field = /service_accounts_(email|uid)/.exec(cause.message)?.[1]
  return field === undefined ? cause : new Fault('store_conflict', { about: field, cause })
}
