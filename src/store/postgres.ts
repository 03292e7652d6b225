import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { Fault } from '../core/fault.ts'
import type { Database, Queryable, SqlValue } from './database.ts'
import { scanIn } from './scan.ts'
import { sqlFault } from './sql-fault.ts'

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`; `sslmode` means what it does to libpq, but that
   * `prefer` and `allow` do not fall back to plain text.
   */
  readonly url: string
  readonly poolMax: number
  /** The server ends a statement after this; the caller hears of it a little later at worst. */
  readonly statementTimeoutMs: number
  /** For a connection to be made, or to become free. */
  readonly connectTimeoutMs: number
}

/** Over and above the statement's own time: for the answer to travel. */
const ANSWER_SLACK_MS = 1_000
/** A transaction may take as long as this many statements at their limit. */
const TRANSACTION_LIMITS = 3
/** What is done to whole tables may take this long before there is a first row of it. */
const LONG_STATEMENT_MS = 60_000
/** Whoever still uses a connection when all are closed has this long to be done with it. */
const CLOSE_WITHIN_MS = 1_000

/** Opens nothing yet: connections are made when first needed, and again after a loss. */
export function createPostgres(options: PostgresOptions): Database {
  const limitMs = options.statementTimeoutMs + options.connectTimeoutMs + ANSWER_SLACK_MS
  const { lend, close } = openPool(options)
  const locked = new Map<number, Promise<unknown>>()

  /** Held by a transaction, not a session, so that it is safe behind a pooler. */
  function hold<T>(lock: number, work: () => Promise<T>): Promise<T> {
    return lend(undefined, (client) =>
      inTransaction(client, async (transaction) => {
        await transaction.execute(
          `set local statement_timeout = ${LONG_STATEMENT_MS};
            set local idle_in_transaction_session_timeout = 0`,
        )
        await transaction.query('select pg_advisory_xact_lock($1::bigint)', [String(lock)])
        return work()
      }),
    )
  }

  return {
    query: (text, parameters) => lend(limitMs, (client) => on(client).query(text, parameters)),
    execute: (text) => lend(undefined, (client) => on(client).execute(text)),
    transaction: (work) =>
      lend(TRANSACTION_LIMITS * limitMs, (client) => inTransaction(client, work)),
    scan: (text, parameters, each) =>
      lend(LONG_STATEMENT_MS + limitMs, (client, moved) =>
        inTransaction(client, async (transaction) => {
          await transaction.execute(`set local statement_timeout = ${LONG_STATEMENT_MS}`)
          // What hangs is noticed by nothing coming any more.
          await scanIn(transaction, text, parameters, (rows: readonly never[]) => {
            moved()
            return each(rows)
          })
        }),
      ),
    async exclusive(lock, work) {
      // Queue within the process first: waiting for the lock must not use up the pool.
      const before = locked.get(lock) ?? Promise.resolve()
      const mine = before.then(() => hold(lock, work))
      locked.set(
        lock,
        mine.catch(() => undefined),
      )
      return mine
    },
    close,
  }
}

/** What is done with one connection; `moved` says that it goes on. */
type Work<T> = (client: pg.PoolClient, moved: () => void) => Promise<T>

function openPool({ url, poolMax, statementTimeoutMs, connectTimeoutMs }: PostgresOptions) {
  const pool = new pg.Pool({
    connectionString: withLibpqModes(url),
    max: poolMax,
    // Kept for good: to make one costs more than to have it.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'dvara',
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 30_000,
  })
  // One that ends is made anew when it is needed. Without these, whoever restarts Postgres would
  // end this process: an error that nobody listens for does.
  pool.on('connect', (client) => void client.on('error', () => undefined))
  pool.on('error', () => undefined)
  const lent = new Set<pg.PoolClient>()

  /** What is not done in time loses its connection: one that hangs must not be lent again. */
  async function lend<T>(limitMs: number | undefined, work: Work<T>): Promise<T> {
    const client = await pool.connect().catch(rethrow)
    lent.add(client)
    let isDone = false
    const working = (moved: () => void) =>
      work(client, moved).finally(() => {
        isDone = true
      })
    try {
      if (limitMs === undefined) return await working(() => undefined)
      return await settleWhileMoving(limitMs, working)
    } finally {
      lent.delete(client)
      client.release(!isDone)
    }
  }

  return {
    lend,
    async close(): Promise<void> {
      await Promise.race([pool.end(), pause(CLOSE_WITHIN_MS, undefined, { ref: false })])
      for (const client of lent) void client.end()
    },
  }
}

/**
 * `require` asks for encryption, and `verify-full` for a name as well: what psql makes of a URL is
 * what an operator expects of it. The driver would verify in each mode.
 */
function withLibpqModes(url: string): string {
  if (!/[?&]sslmode=/.test(url) || /[?&]uselibpqcompat=/.test(url)) return url
  return `${url}&uselibpqcompat=true`
}

async function inTransaction<T>(
  client: pg.PoolClient,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  await run(client, 'begin')
  let value: T
  try {
    value = await work(on(client))
  } catch (cause) {
    // Where the connection is lost, so is the transaction.
    await run(client, 'rollback').catch(() => undefined)
    throw cause
  }
  const { command } = await run(client, 'commit')
  if (command === 'COMMIT') return value
  // A statement failed, and the work did not say so.
  throw new Fault('store_rejected', { about: 'Postgres rolled a transaction back' })
}

function on(client: pg.PoolClient): Queryable {
  return {
    async query<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
      const { rows } = await run(client, text, parameters)
      return rows as Row[]
    },
    async execute(text) {
      await run(client, text)
    },
  }
}

/** Unnamed statements, so that a pooler in transaction mode may stand between. */
function run(
  client: pg.PoolClient,
  text: string,
  parameters: readonly SqlValue[] = [],
): Promise<pg.QueryResult> {
  return client.query(text, [...parameters]).catch(rethrow)
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

/** What the driver threw, as a Fault: an answer of the server, or that there is none. */
function rethrow(cause: unknown): never {
  const { code = '', constraint, message } = cause as Partial<pg.DatabaseError>
  // Where a name has several addresses, all of which failed, the error has no words of its own.
  throw sqlFault({ code, constraint, server: 'Postgres', cause: new Error(message || code) })
}
