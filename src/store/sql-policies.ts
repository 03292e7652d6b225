import { Fault } from '../core/fault.ts'
import type { Permission } from '../core/rule.ts'
import type { Database, Queryable } from './database.ts'
import type { Outbox } from './outbox.ts'
import type { Policies } from './policies.ts'

const COLUMNS = 'p.id, p.role, p.verb, p.path, p.action, p.topic'
// One statement, so that rows and version are of one instant.
const SELECT_ALL = `
  select v.version::float8 as version, ${COLUMNS}
  from policy_version v left join permissions p on true order by p.id`
const SELECT_PAGE = `
  select ${COLUMNS} from permissions p where ($1::text is null or p.role = $1)
  order by p.id limit $2::float8::bigint offset $3::float8::bigint`
const COUNT = `
  select count(*)::float8 as count from permissions p where ($1::text is null or p.role = $1)`
const HAS_ROLE = 'select exists (select 1 from permissions where role = $1) as exists'
const INSERT = `
  insert into permissions as p (role, verb, path, action, topic)
  values ($1, upper($2), $3, upper($4), $5) returning ${COLUMNS}`
const UPDATE = `
  update permissions p set role = coalesce($2, role), verb = coalesce(upper($3), verb),
    path = coalesce($4, path), action = coalesce(upper($5), action),
    topic = case when $6::boolean then $7 else topic end, updated_at = now()
  where p.id = $1::float8::bigint returning ${COLUMNS}`
const DELETE = 'delete from permissions where id = $1::float8::bigint returning id'
const RAISE_VERSION = 'update policy_version set version = version + 1'

const LIMIT_MAX = 1000

type VersionedRow = Permission & { readonly version: number }

/** The half that an authorizer needs: it never writes. */
export function createPermissions(database: Queryable): Pick<Policies, 'loadPermissions'> {
  return {
    async loadPermissions() {
      const rows = await database.query<VersionedRow>(SELECT_ALL)
      const first = rows[0]
      if (first === undefined) {
        throw new Fault('store_garbage', { about: 'policy_version is empty: run dvara migrate' })
      }
      // A left join without permissions gives one row of nulls.
      const found = rows.filter((row) => row.id !== null).map(permissionOf)
      return { version: first.version, rows: found }
    },
  }
}

export function createPolicies(database: Database, outbox: Outbox): Policies {
  /** Undefined changes nothing and publishes nothing. */
  async function changed<T>(
    work: (transaction: Queryable) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const done = await database.transaction(async (transaction) => {
      const outcome = await work(transaction)
      if (outcome === undefined) return undefined
      await transaction.query(RAISE_VERSION)
      const change = await outbox.record(transaction, { scope: 'policy', subject: '' })
      return { outcome, change }
    })
    if (done === undefined) return undefined
    await outbox.publish(done.change)
    return done.outcome
  }

  return {
    ...createPermissions(database),
    async find({ page, limit, role = null }) {
      const size = Math.min(Math.max(1, limit), LIMIT_MAX)
      const values = [role, size, (Math.max(1, page) - 1) * size]
      const rows = await database.query<Permission>(SELECT_PAGE, values)
      const [counted] = await database.query<{ count: number }>(COUNT, [role])
      return { rows: rows.map(permissionOf), total: counted?.count ?? 0 }
    },
    async hasRole(role) {
      const [row] = await database.query<{ exists: boolean }>(HAS_ROLE, [role])
      return row?.exists === true
    },
    async add({ role, verb, path, action, topic }) {
      const added = await changed(async (transaction) => {
        const values = [role, verb, path, action, topic]
        const [row] = await transaction.query<Permission>(INSERT, values)
        return row
      })
      if (added === undefined) throw new Fault('store_unavailable', { about: 'Postgres' })
      return permissionOf(added)
    },
    async change(id, { role = null, verb = null, path = null, action = null, topic }) {
      const values = [id, role, verb, path, action, topic !== undefined, topic ?? null]
      const row = await changed(async (transaction) => {
        const [after] = await transaction.query<Permission>(UPDATE, values)
        return after
      })
      return row === undefined ? undefined : permissionOf(row)
    },
    async remove(id) {
      const row = await changed(async (transaction) => {
        const [removed] = await transaction.query<{ id: number }>(DELETE, [id])
        return removed
      })
      return row !== undefined
    },
  }
}

function permissionOf({ id, role, verb, path, action, topic }: Permission): Permission {
  return { id, role, verb, path, action, topic }
}
