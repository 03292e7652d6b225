import type { Activity } from '../core/activity.ts'
import type { Fault } from '../core/fault.ts'
import type { Activities, ActivityQuery, ActivityQueue, ListedActivity } from './activities.ts'
import { decodeActivity } from './activity-record.ts'
import type { Queryable, SqlValue } from './database.ts'

/** Stored in one statement while draining. */
const BATCH_MAX = 500
const LIMIT_MAX = 1000

// One parameter whatever the batch's length; column names are those of `rowOf`.
const INSERT = `
  insert into activities (key, at, category, uid, kind, target_uid, address, country, user_agent,
    topic, action, result, reason, decision_id, method, path)
  select key, to_timestamp(at_ms / 1000), category, uid, kind, target_uid, address, country,
    user_agent, topic, action, result, reason, decision_id, method, path
  from json_to_recordset($1::text::json) as r (key text, at_ms float8, category text, uid text,
    kind text, target_uid text, address text, country text, user_agent text, topic text,
    action text, result text, reason text, decision_id text, method text, path text)
  on conflict (key) do nothing`

const FILTER = `
  from activities a left join users u on u.uid = a.uid
  where ($1::text is null or a.category = $1) and ($2::text is null or a.uid = $2)
    and ($3::text is null or u.email = lower($3)) and ($4::text is null or a.target_uid = $4)
    and ($5::text is null or a.topic = $5) and ($6::text is null or a.action = $6)
    and ($7::text is null or a.result = $7)
    and ($8::float8 is null or a.at >= to_timestamp($8 / 1000))
    and ($9::float8 is null or a.at < to_timestamp($9 / 1000))`
const SELECT_PAGE = `
  select a.id::float8 as number, a.key, a.category, a.uid, a.kind, a.target_uid, a.address,
    a.country, a.user_agent, a.topic, a.action, a.result, a.reason, a.decision_id, a.method,
    a.path, floor(extract(epoch from a.at) * 1000)::float8 as at_ms, u.email, u.role ${FILTER}
  order by a.at desc, a.id desc limit $10::float8::bigint offset $11::float8::bigint`
const COUNT = `select count(*)::float8 as count ${FILTER}`

interface Row {
  readonly key: string
  readonly at_ms: number
  readonly category: Activity['category']
  readonly uid: string
  readonly kind: Activity['kind']
  readonly target_uid: string
  readonly address: string
  readonly country: string
  readonly user_agent: string
  readonly topic: string
  readonly action: string
  readonly result: Activity['result']
  readonly reason: string
  readonly decision_id: string
  readonly method: string
  readonly path: string
}

type ListedRow = Row & {
  readonly number: number
  readonly email: string | null
  readonly role: string | null
}

export function createActivities(
  database: Queryable,
  queue: Pick<ActivityQueue, 'peek' | 'remove'>,
): Activities {
  const insert = (batch: readonly Activity[]) =>
    database.query(INSERT, [JSON.stringify(batch.map(rowOf))])

  /** A batch that Postgres will not have is tried one by one, so that one bad row costs one row. */
  async function insertEach(batch: readonly Activity[]): Promise<number> {
    let refused = 0
    for (const one of batch) {
      await insert([one]).catch((fault: Fault) => {
        if (fault.code !== 'store_rejected') throw fault
        refused += 1
      })
    }
    return refused
  }

  return {
    async record(activity) {
      await insert([activity])
    },
    async find(query) {
      const values = filterOf(query)
      const size = Math.min(Math.max(1, query.limit), LIMIT_MAX)
      const page = [size, (Math.max(1, query.page) - 1) * size]
      const rows = await database.query<ListedRow>(SELECT_PAGE, [...values, ...page])
      const [counted] = await database.query<{ count: number }>(COUNT, values)
      return { rows: rows.map(listedOf), total: counted?.count ?? 0 }
    },
    async drain() {
      let moved = 0
      let damaged = 0
      for (;;) {
        const queued = await queue.peek(BATCH_MAX)
        if (queued.length === 0) return { moved, damaged }
        const read = queued.flatMap(({ record }) => readOrNothing(record))
        let refused = 0
        if (read.length > 0) {
          await insert(read).catch(async (fault: Fault) => {
            if (fault.code !== 'store_rejected') throw fault
            refused = await insertEach(read)
          })
        }
        await queue.remove(queued.map(({ id }) => id))
        moved += read.length - refused
        damaged += queued.length - read.length + refused
        if (queued.length < BATCH_MAX) return { moved, damaged }
      }
    },
  }
}

function readOrNothing(record: Uint8Array): readonly Activity[] {
  try {
    return [decodeActivity(record)]
  } catch {
    return []
  }
}

function filterOf(query: ActivityQuery): readonly SqlValue[] {
  const { category, uid, email, targetUid, topic, action, result, fromMs, toMs } = query
  const values = [category, uid, email, targetUid, topic, action, result, fromMs, toMs]
  return values.map((value) => value ?? null)
}

function rowOf(one: Activity): Row {
  return {
    ...{ key: one.id, at_ms: one.atMs, category: one.category, uid: one.uid, kind: one.kind },
    ...{ target_uid: one.targetUid, address: one.address, country: one.country },
    ...{ user_agent: one.userAgent, topic: one.topic, action: one.action, result: one.result },
    ...{ reason: one.reason, decision_id: one.decisionId, method: one.method, path: one.path },
  }
}

function listedOf(row: ListedRow): ListedActivity {
  return {
    ...{ number: row.number, id: row.key, atMs: row.at_ms, category: row.category },
    ...{ uid: row.uid, kind: row.kind, email: row.email, role: row.role },
    ...{ targetUid: row.target_uid, address: row.address, country: row.country },
    ...{ userAgent: row.user_agent, topic: row.topic, action: row.action, result: row.result },
    ...{ reason: row.reason, decisionId: row.decision_id, method: row.method, path: row.path },
  }
}
