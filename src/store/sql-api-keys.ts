import type { KeyRate } from '../core/api-key.ts'
import { Fault } from '../core/fault.ts'
import {
  type ApiKeyChange,
  type ApiKeys,
  KEYS_PER_HOLDER_MAX,
  type KeyOutcome,
  type KeyQuery,
  type NewApiKey,
} from './api-keys.ts'
import type { Database, Queryable, SqlValue } from './database.ts'
import { KEY_COLUMNS, type KeyRow, listingOf } from './key-rows.ts'
import type { Outbox } from './outbox.ts'
import { publishAll } from './sql-holders.ts'

// Locks make a change of the holder wait for the key, or the key see it. Owner before account.
const LOCK_USER = `
  select u.state = 'active' and u.otp as is_able from users u where u.uid = $1
  for no key update`
const LOCK_OWNER = `
  select u.state = 'active' and u.otp as is_able from users u
  where u.uid = (select s.owner_uid from service_accounts s where s.uid = $1)
  for no key update`
const LOCK_SERVICE = `
  select s.state = 'active' as is_able, s.owner_uid is not null as is_owned
  from service_accounts s where s.uid = $1 for no key update`
const COUNT_LIVE = `
  select count(*)::float8 as count from api_keys k
  where k.uid = $1 and (k.expires_at is null or k.expires_at > to_timestamp($2::float8 / 1000))`

const INSERT = `
  insert into api_keys (kid, user_uid, service_uid, algorithm, material, is_v1_accepted, scopes,
    networks, expires_at, rate_per_second, rate_burst)
  values ($1, $2, $3, $4, decode($5, 'hex'), $6::boolean, $7::text::jsonb, $8::text::jsonb,
    to_timestamp($9::float8 / 1000), $10::float8::integer, $11::float8::integer)`
const INSERT_SUCCESSOR = `
  insert into api_keys (kid, user_uid, service_uid, algorithm, material, is_v1_accepted, scopes,
    networks, expires_at, rate_per_second, rate_burst)
  select $3, k.user_uid, k.service_uid, $4, decode($5, 'hex'), k.is_v1_accepted, k.scopes,
    k.networks, k.expires_at, k.rate_per_second, k.rate_burst
  from api_keys k
  where k.uid = $1 and k.kid = $2 and k.state = 'active'
    and (k.expires_at is null or k.expires_at > to_timestamp($6::float8 / 1000))
  returning kid`
const END_AT = `
  update api_keys set version = version + 1, updated_at = now(),
    expires_at = least(expires_at, to_timestamp($3::float8 / 1000))
  where uid = $1 and kid = $2`
// The changes of both are still owed: what is published later is what stands here then.
const RESTORE = `
  update api_keys o set expires_at = s.expires_at, version = o.version + 1, updated_at = now()
  from api_keys s where o.uid = $1 and o.kid = $2 and s.uid = $1 and s.kid = $3`
const UPDATE = `
  update api_keys set state = coalesce($3, state),
    scopes = coalesce($4::text::jsonb, scopes), networks = coalesce($5::text::jsonb, networks),
    is_v1_accepted = coalesce($6::boolean, is_v1_accepted),
    expires_at = case when $7::boolean then to_timestamp($8::float8 / 1000) else expires_at end,
    rate_per_second = case when $9::boolean then $10::float8::integer else rate_per_second end,
    rate_burst = case when $9::boolean then $11::float8::integer else rate_burst end,
    version = version + 1, updated_at = now()
  where uid = $1 and kid = $2 returning kid`
const REMOVE = 'delete from api_keys where uid = $1 and kid = $2 returning kid'
const SELECT_ONE = `select ${KEY_COLUMNS} from api_keys k where k.uid = $1 and k.kid = $2`
const COUNT = 'select count(*)::float8 as count from api_keys k where k.uid = $1'
/** Only words of this table reach a statement, never what a caller wrote. */
const ORDER_BY = {
  id: 'k.id',
  kid: 'k.kid',
  algorithm: 'k.algorithm',
  state: 'k.state',
  created_at: 'k.created_at',
  updated_at: 'k.updated_at',
} as const satisfies Record<KeyQuery['orderBy'], string>
const ORDERINGS = { asc: 'asc', desc: 'desc' } as const
const LIMIT_MAX = 100

type Refusal = Exclude<KeyOutcome['outcome'], 'done'>
interface Holder {
  readonly isUser: boolean
  /** Whether keys of this holder may be active. */
  readonly isAble: boolean
}

/** Of a transaction: numbers to publish, or why there is nothing. */
type Owed = readonly number[] | Refusal

function createReading(database: Database): Pick<ApiKeys, 'find' | 'list'> {
  return {
    async find(uid, kid) {
      const [row] = await database.query<KeyRow>(SELECT_ONE, [uid, kid])
      return row === undefined ? undefined : listingOf(row)
    },
    async list(query) {
      const limit = Math.min(Math.max(1, query.limit), LIMIT_MAX)
      const offset = (Math.max(1, query.page) - 1) * limit
      const order = `${ORDER_BY[query.orderBy]} ${ORDERINGS[query.ordering]}, k.id`
      const rows = await database.query<KeyRow>(
        `select ${KEY_COLUMNS} from api_keys k where k.uid = $1 order by ${order}
          limit $2::float8::bigint offset $3::float8::bigint`,
        [query.uid, limit, offset],
      )
      const [counted] = await database.query<{ count: number }>(COUNT, [query.uid])
      return { keys: rows.map(listingOf), total: counted?.count ?? 0 }
    },
  }
}

export function createApiKeys(deps: {
  readonly database: Database
  readonly outbox: Outbox
  readonly nowMs: () => number
}): ApiKeys {
  const { database, outbox, nowMs } = deps

  const reading = createReading(database)

  /** Publishes, then tells what is there now. */
  async function settle(uid: string, kid: string, owed: Owed): Promise<KeyOutcome> {
    if (typeof owed === 'string') return { outcome: owed }
    await publishAll(outbox, owed)
    const listing = await reading.find(uid, kid)
    return listing === undefined ? { outcome: 'unknown' } : { outcome: 'done', listing }
  }

  /** A key of which nobody heard the secret must not stay, nor end the one before it. */
  async function settleNew(uid: string, kid: string, owed: Owed, old = ''): Promise<KeyOutcome> {
    try {
      return await settle(uid, kid, owed)
    } catch (fault) {
      await database
        .transaction(async (transaction) => {
          await transaction.query(RESTORE, [uid, old, kid])
          await transaction.query(REMOVE, [uid, kid])
          // Owed anew: the board may have taken one of them before it was lost.
          for (const one of [kid, old]) if (one !== '') await record(transaction, one)
        })
        .catch(() => undefined)
      throw fault instanceof Fault && fault.code === 'not_in_force' ? withdrawn(fault) : fault
    }
  }

  const record = (transaction: Queryable, kid: string) =>
    outbox.record(transaction, { scope: 'key', subject: kid })

  /** Whether one more may be made for this holder, who is locked. */
  async function refusalFor(
    transaction: Queryable,
    uid: string,
    holder: Holder | undefined,
  ): Promise<Refusal | undefined> {
    if (holder === undefined) return 'unknown'
    if (!holder.isAble) return 'inactive'
    const [counted] = await transaction.query<{ count: number }>(COUNT_LIVE, [uid, nowMs()])
    return (counted?.count ?? 0) >= KEYS_PER_HOLDER_MAX ? 'full' : undefined
  }

  return {
    ...reading,
    async create(key) {
      const owed = await database.transaction(async (transaction): Promise<Owed> => {
        const holder = await lockHolder(transaction, key.uid)
        const refusal = await refusalFor(transaction, key.uid, holder)
        if (refusal !== undefined) return refusal
        await transaction.query(INSERT, insertValues(key, holder?.isUser === true))
        return [await record(transaction, key.kid)]
      })
      return settleNew(key.uid, key.kid, owed)
    },
    async change(uid, kid, change) {
      const owed = await database.transaction(async (transaction): Promise<Owed> => {
        const holder = await lockHolder(transaction, uid)
        if (holder === undefined) return 'unknown'
        if (change.state === 'active' && !holder.isAble) return 'inactive'
        const [row] = await transaction.query(UPDATE, updateValues(uid, kid, change))
        return row === undefined ? 'unknown' : [await record(transaction, kid)]
      })
      return settle(uid, kid, owed)
    },
    async rotate({ uid, kid, endsAtMs }, successor) {
      const material = Buffer.from(successor.material).toString('hex')
      const owed = await database.transaction(async (transaction): Promise<Owed> => {
        const holder = await lockHolder(transaction, uid)
        const refusal = await refusalFor(transaction, uid, holder)
        if (refusal !== undefined) return refusal
        const values = [uid, kid, successor.kid, successor.algorithm, material, nowMs()]
        const [row] = await transaction.query(INSERT_SUCCESSOR, values)
        if (row === undefined) {
          const [old] = await transaction.query(SELECT_ONE, [uid, kid])
          return old === undefined ? 'unknown' : 'inactive'
        }
        await transaction.query(END_AT, [uid, kid, endsAtMs])
        return [await record(transaction, successor.kid), await record(transaction, kid)]
      })
      return settleNew(uid, successor.kid, owed, kid)
    },
    async remove(uid, kid) {
      const owed = await database.transaction(async (transaction) => {
        const [row] = await transaction.query(REMOVE, [uid, kid])
        return row === undefined ? undefined : record(transaction, kid)
      })
      if (owed === undefined) return false
      await outbox.publish(owed)
      return true
    },
  }
}

/** It will not come into force later: nothing of it is left. */
function withdrawn(cause: Fault): Fault {
  return new Fault('store_unavailable', { about: 'the new key was withdrawn', cause })
}

/** Locks a user, or a service account behind its owner; undefined if there is neither. */
async function lockHolder(transaction: Queryable, uid: string): Promise<Holder | undefined> {
  const [user] = await transaction.query<{ is_able: boolean }>(LOCK_USER, [uid])
  if (user !== undefined) return { isUser: true, isAble: user.is_able }
  const [owner] = await transaction.query<{ is_able: boolean }>(LOCK_OWNER, [uid])
  const [service] = await transaction.query<{ is_able: boolean; is_owned: boolean }>(LOCK_SERVICE, [
    uid,
  ])
  if (service === undefined) return undefined
  return {
    isUser: false,
    isAble: service.is_able && (!service.is_owned || owner?.is_able === true),
  }
}

function insertValues(key: NewApiKey, isUser: boolean): readonly SqlValue[] {
  const { kid, uid, algorithm, material, isV1Accepted, scopes, networks, expiresAtMs } = key
  return [
    ...[kid, isUser ? uid : null, isUser ? null : uid, algorithm],
    ...[Buffer.from(material).toString('hex'), isV1Accepted],
    ...[JSON.stringify(scopes), JSON.stringify(networks), expiresAtMs ?? null],
    ...rateValues(key.rate),
  ]
}

function updateValues(uid: string, kid: string, change: ApiKeyChange): readonly SqlValue[] {
  const { state = null, scopes, networks, isV1Accepted = null, expiresAtMs, rate } = change
  return [
    ...[uid, kid, state],
    scopes === undefined ? null : JSON.stringify(scopes),
    networks === undefined ? null : JSON.stringify(networks),
    ...[isV1Accepted, expiresAtMs !== undefined, expiresAtMs ?? null],
    ...[rate !== undefined, ...rateValues(rate)],
  ]
}

function rateValues(rate: KeyRate | null | undefined): readonly (number | null)[] {
  return rate === null || rate === undefined ? [null, null] : [rate.perSecond, rate.burst]
}
