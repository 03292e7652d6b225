import { Fault } from '../core/fault.ts'
import { EVERY_SESSION } from '../core/invalidation.ts'
import { defaultCode, type Restriction } from '../core/restriction.ts'
import type { Database, Queryable } from './database.ts'
import type { Outbox } from './outbox.ts'
import type { NewRestriction, RestrictionListing, Restrictions } from './restrictions.ts'

const COLUMNS = `
  r.id, r.category, r.scope, r.value, r.code, r.state,
  floor(extract(epoch from r.created_at) * 1000)::float8 as created_at_ms,
  floor(extract(epoch from r.updated_at) * 1000)::float8 as updated_at_ms`
const SELECT_ENABLED = `
  select r.id, r.category, r.scope, r.value, r.code, r.state from restrictions r
  where r.state = 'enabled' order by r.id`
const FILTER = `
  ($1::text is null or r.category = $1) and ($2::text is null or r.scope = $2)
  and ($3::text is null or r.state = $3)
  and ($5::float8 is null or
    case when $4::text = 'updated' then r.updated_at else r.created_at end
      >= to_timestamp($5::float8 / 1000))
  and ($6::float8 is null or
    case when $4::text = 'updated' then r.updated_at else r.created_at end
      < to_timestamp($6::float8 / 1000))`
const SELECT_PAGE = `
  select ${COLUMNS} from restrictions r where ${FILTER}
  order by r.id limit $7::float8::bigint offset $8::float8::bigint`
const COUNT = `select count(*)::float8 as count from restrictions r where ${FILTER}`
const SELECT_ONE = `select ${COLUMNS} from restrictions r where r.id = $1::float8::bigint`
const LOCK_ONE = `${SELECT_ONE} for update`
const INSERT = `
  insert into restrictions as r (category, scope, value, code, state)
  values ($1, $2, $3, $4, $5) returning ${COLUMNS}`
const UPDATE = `
  update restrictions r set category = $2, scope = $3, value = $4, code = $5, state = $6,
    updated_at = now()
  where r.id = $1::float8::bigint returning ${COLUMNS}`
const DELETE = `delete from restrictions r where r.id = $1::float8::bigint returning ${COLUMNS}`
// now() is the instant of the transaction, and so of the change that is recorded in it: by it the
// outbox finds the sessions that this ended.
const END_EVERY_SESSION = `
  update sessions set ended_at = now() where ended_at is null and ends_at > now()`
const INSERT_LINK = `
  insert into whitelinks (hash, issued_by, not_after)
  values ($1, $2, to_timestamp($3::float8 / 1000))`
const SELECT_LINK = `
  select hash from whitelinks where hash = $1 and not_after > to_timestamp($2::float8 / 1000)`

const LIMIT_MAX = 1000

interface ListingRow extends Restriction {
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

/** The half that an authorizer needs: it never writes. */
export function createRestrictionRows(database: Queryable): Pick<Restrictions, 'loadRestrictions'> {
  return { loadRestrictions: () => database.query<Restriction>(SELECT_ENABLED) }
}

export function createRestrictions(deps: {
  readonly database: Database
  readonly outbox: Outbox
  readonly nowMs: () => number
}): Restrictions {
  const { database, outbox, nowMs } = deps

  /** Undefined changes nothing and publishes nothing. */
  async function changed(
    work: (transaction: Queryable) => Promise<{ row: ListingRow; isLocking: boolean } | undefined>,
  ): Promise<RestrictionListing | undefined> {
    const done = await database.transaction(async (transaction) => {
      const outcome = await work(transaction)
      if (outcome === undefined) return undefined
      const owed = [await outbox.record(transaction, { scope: 'restrictions', subject: '' })]
      if (outcome.isLocking) {
        await transaction.query(END_EVERY_SESSION)
        const change = {
          scope: 'session',
          subject: EVERY_SESSION,
          reason: 'restriction',
        } as const
        owed.push(await outbox.record(transaction, change))
      }
      return { row: outcome.row, owed }
    })
    if (done === undefined) return undefined
    // The lock first: a session that is opened between the two is one too few that was ended.
    for (const change of done.owed) await outbox.publish(change)
    return listingOf(done.row)
  }

  async function add(row: NewRestriction): Promise<RestrictionListing> {
    const added = await changed(async (transaction) => {
      const { category, scope, value, code, state } = row
      const values = [category, scope, value, code, state]
      const [after] = await transaction.query<ListingRow>(INSERT, values)
      return after === undefined ? undefined : { row: after, isLocking: isLocking(row) }
    })
    if (added === undefined) throw new Fault('store_unavailable', { about: 'Postgres' })
    return added
  }

  return {
    ...createRestrictionRows(database),
    async find({ page, limit, category, scope, state, range, fromMs, toMs }) {
      const size = Math.min(Math.max(1, limit), LIMIT_MAX)
      const filter = [category ?? null, scope ?? null, state ?? null, range]
      const values = [...filter, fromMs ?? null, toMs ?? null]
      const paged = [...values, size, (Math.max(1, page) - 1) * size]
      const rows = await database.query<ListingRow>(SELECT_PAGE, paged)
      const [counted] = await database.query<{ count: number }>(COUNT, values)
      return { rows: rows.map(listingOf), total: counted?.count ?? 0 }
    },
    async findById(id) {
      const [row] = await database.query<ListingRow>(SELECT_ONE, [id])
      return row === undefined ? undefined : listingOf(row)
    },
    add,
    change: (id, change) =>
      changed(async (transaction) => {
        const [before] = await transaction.query<ListingRow>(LOCK_ONE, [id])
        if (before === undefined) return undefined
        const { category, scope, value, code, state } = { ...before, ...change }
        const values = [id, category, scope, value, code, state]
        const [row] = await transaction.query<ListingRow>(UPDATE, values)
        if (row === undefined) return undefined
        return { row, isLocking: isLocking(row) && !isLocking(before) }
      }),
    remove: (id) =>
      changed(async (transaction) => {
        const [row] = await transaction.query<ListingRow>(DELETE, [id])
        return row === undefined ? undefined : { row, isLocking: false }
      }),
    async issueLink({ hash, issuedBy, notAfterMs }) {
      await database.query(INSERT_LINK, [hash, issuedBy, notAfterMs])
    },
    async redeemLink(hash, address) {
      const [link] = await database.query(SELECT_LINK, [hash, nowMs()])
      if (link === undefined) return undefined
      const code = defaultCode('whitelist', 'ip')
      const row = { category: 'whitelist', scope: 'ip', value: address, code } as const
      return add({ ...row, state: 'enabled' })
    },
  }
}

/** Whether a row keeps people from signing in now. */
function isLocking({ category, state }: NewRestriction): boolean {
  return category === 'blocklogin' && state === 'enabled'
}

function listingOf({ created_at_ms, updated_at_ms, ...row }: ListingRow): RestrictionListing {
  return { ...row, createdAtMs: created_at_ms, updatedAtMs: updated_at_ms }
}
