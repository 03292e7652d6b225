import postgres from 'postgres'
import { Fault } from '../core/fault.ts'
import type { Database, Queryable, SqlValue } from './database.ts'
import { scanIn } from './scan.ts'
import { sqlFault } from './sql-fault.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  readonly poolMax: number
  /** The server ends a statement after this; the caller hears of it a little later at worst. */
  readonly statementTimeoutMs: number
  readonly connectTimeoutMs: number
}

/** Over and above the statement's own time: for the answer to travel, and for a free connection. */
const ANSWER_SLACK_MS = 1_000
/** A transaction may take as long as this many statements at their limit. */
const TRANSACTION_LIMITS = 3
/** What is done to whole tables may take this long before there is a first row of it. */
const LONG_STATEMENT_MS = 60_000

/** Opens nothing yet: connections are made when first needed, and again after a loss. */
export function createPostgres(options: PostgresOptions): Database {
  const sql = postgres(options.url, {
    max: options.poolMax,
    // Unnamed statements, so that a pooler in transaction mode may stand between.
    prepare: false,
    fetch_types: false,
    connect_timeout: Math.max(1, Math.ceil(options.connectTimeoutMs / 1000)),
    backoff: () => 0.25,
    onnotice: () => undefined,
    connection: {
      application_name: 'dvara',
      statement_timeout: options.statementTimeoutMs,
      idle_in_transaction_session_timeout: 30_000,
    },
  })
  const limitMs = options.statementTimeoutMs + options.connectTimeoutMs + ANSWER_SLACK_MS
  const inTime = <T>(work: Promise<T>) => settleWithin(work, limitMs)
  const locked = new Map<number, Promise<unknown>>()

  return {
    ...createQueryable(sql, inTime),
    async transaction(work) {
      try {
        const whole = sql.begin((tx) => work(createQueryable(tx, inTime)))
        return (await settleWithin(whole, TRANSACTION_LIMITS * limitMs)) as never
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
    async scan(text, parameters, each) {
      try {
        await settleWhileMoving(LONG_STATEMENT_MS + limitMs, (moved) =>
          sql.begin(async (tx) => {
            await tx.unsafe(`set local statement_timeout = ${LONG_STATEMENT_MS}`)
            // What hangs is noticed by nothing coming any more.
            const untimed = createQueryable(tx, (work) => work)
            return scanIn(untimed, text, parameters, (rows: readonly never[]) => {
              moved()
              return each(rows)
            })
          }),
        )
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
    async exclusive(lock, work) {
      // Queue within the process first: waiting for the lock must not use up the pool.
      const before = locked.get(lock) ?? Promise.resolve()
      const mine = before.then(() => hold(sql, lock, work))
      locked.set(
        lock,
        mine.catch(() => undefined),
      )
      return mine
    },
    async close() {
      await sql.end({ timeout: 1 })
    },
  }
}

/** Held by a transaction, not a session, so that it is safe behind a pooler. */
async function hold<T>(sql: postgres.Sql, lock: number, work: () => Promise<T>): Promise<T> {
  try {
    return (await sql.begin(async (tx) => {
      await tx.unsafe(
        `set local statement_timeout = ${LONG_STATEMENT_MS};
          set local idle_in_transaction_session_timeout = 0`,
      )
      await tx.unsafe('select pg_advisory_xact_lock($1::bigint)', [String(lock)])
      return work()
    })) as never
  } catch (cause) {
    throw faultFrom(cause)
  }
}

function createQueryable(
  sql: postgres.Sql | postgres.TransactionSql,
  inTime: <T>(work: Promise<T>) => Promise<T>,
): Queryable {
  return {
    async query<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
      try {
        const rows = await inTime(Promise.resolve(sql.unsafe(text, [...parameters])))
        return [...rows] as Row[]
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
    async execute(text) {
      try {
        await sql.unsafe(text).simple()
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
  }
}

function settleWithin<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return settleWhileMoving(limitMs, () => work)
}

/** The limit counts from the last time that the work said that it had moved. */
function settleWhileMoving<T>(
  limitMs: number,
  work: (moved: () => void) => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault('store_timeout', { about: 'Postgres' })), limitMs)
  })
  return Promise.race([work(() => timer?.refresh()), late]).finally(() => clearTimeout(timer))
}

/** What stays as it is: our own faults, and errors of the work inside a transaction. */
function faultFrom(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof Fault) return cause
  const { code, constraint_name: constraint } = cause as Partial<postgres.PostgresError>
  if (typeof code !== 'string') return cause
  return sqlFault({ code, constraint, server: 'Postgres', cause })
}
