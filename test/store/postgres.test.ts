import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database, Queryable } from '../../src/store/database.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { type RunningServer, startPostgres } from '../process/servers.ts'
import { eventually } from './worlds.ts'

const STATEMENT_TIMEOUT_MS = 200
const CONNECT_TIMEOUT_MS = 1_000
/** The longest that a call may take when the server does not answer at all. */
const SETTLED_MS_MAX = 3 * (STATEMENT_TIMEOUT_MS + CONNECT_TIMEOUT_MS + 1_000) + 500

describe('Postgres', () => {
  let server: RunningServer
  let database: Database
  before(async () => {
    server = await startPostgres()
    database = createPostgres({
      ...{ url: server.url, poolMax: 4 },
      ...{ statementTimeoutMs: STATEMENT_TIMEOUT_MS, connectTimeoutMs: CONNECT_TIMEOUT_MS },
    })
    await database.execute('create table t (a int unique); create table u (a text)')
  })
  after(async () => {
    await database.close()
    await server.stop()
  })

  test('numbers, text, truth and null go there and back', async () => {
    const text = 'select $1::float8 as a, $2::text as b, $3::boolean as c, $4::text as d'
    const rows = await database.query(text, [2 ** 53 - 1, 'ü\n', true, null])
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      [{ a: 2 ** 53 - 1, b: 'ü\n', c: true, d: null }],
    )
  })

  test('a transaction is all or nothing, and its own error comes out', async () => {
    const failing = database.transaction(async (transaction) => {
      await transaction.query('insert into t values (1)')
      throw new Error('of the work itself')
    })
    await assert.rejects(failing, /of the work itself/)
    assert.deepEqual([...(await database.query('select a from t'))], [])
    await database.query('insert into t values (1)')
    await assert.rejects(
      database.transaction((transaction) => transaction.query('insert into t values (1)')),
      { code: 'store_conflict', message: 'store_conflict: t_a_key' },
    )
  })

  test('a statement that failed unsaid takes its transaction with it', async () => {
    const whole = database.transaction(async (transaction) => {
      await transaction.query('insert into u values ($1)', ['kept'])
      await transaction.query('select 1 / 0').catch(() => undefined)
    })
    await assert.rejects(whole, { code: 'store_rejected' })
    assert.deepEqual(await database.query('select a from u'), [])
  })

  test('who finds no connection free waits, and hears of it in time', async () => {
    const held = Array.from({ length: 4 }, () =>
      database.transaction(() => pause(2 * CONNECT_TIMEOUT_MS)),
    )
    await pause(20)
    const started = performance.now()
    await assert.rejects(database.query('select 1'), { code: 'store_unavailable' })
    assert.ok(performance.now() - started >= CONNECT_TIMEOUT_MS - 10)
    const afterwards = Promise.all([pause(CONNECT_TIMEOUT_MS / 2), ...held])
    await afterwards
    await database.query('select 1')
  })

  test('sslmode is heeded, and where it asks for encryption there is none without', async () => {
    for (const [mode, isAccepted] of [
      ['disable', true],
      // Nothing falls back to plain text in silence.
      ['prefer', false],
      ['require', false],
      ['verify-full', false],
    ] as const) {
      const other = createPostgres({
        ...{ url: `${server.url}?sslmode=${mode}`, poolMax: 1 },
        ...{ statementTimeoutMs: STATEMENT_TIMEOUT_MS, connectTimeoutMs: CONNECT_TIMEOUT_MS },
      })
      const asked = other.query('select 1 as one')
      if (isAccepted) assert.deepEqual(await asked, [{ one: 1 }], mode)
      else await assert.rejects(asked, { code: 'store_unavailable' }, mode)
      await other.close()
    }
  })

  test('work under one lock never overlaps, in one process or in two', async () => {
    const other = createPostgres({
      ...{ url: server.url, poolMax: 2 },
      ...{ statementTimeoutMs: 5_000, connectTimeoutMs: CONNECT_TIMEOUT_MS },
    })
    let inside = 0
    const work = async () => {
      inside += 1
      assert.equal(inside, 1)
      await database.query('select 1')
      inside -= 1
    }
    const all = Array.from({ length: 12 }, (_, n) => (n % 2 ? other : database).exclusive(1, work))
    await Promise.all(all)
    await assert.rejects(
      database.exclusive(1, () => Promise.reject(new Error('of the work itself'))),
      /of the work itself/,
    )
    await database.exclusive(1, work)
    await other.close()
  })

  test('a statement that takes too long is a timeout', async () => {
    await assert.rejects(database.query('select pg_sleep(5)'), { code: 'store_timeout' })
  })

  test('a server that hangs is a fault in time, and answers again afterwards', async () => {
    await database.query('select 1')
    const { rows } = {
      rows: await database.query<{ pid: number }>('select pg_backend_pid() as pid'),
    }
    const pid = rows[0]?.pid
    assert.ok(pid !== undefined)
    process.kill(pid, 'SIGSTOP')
    const started = performance.now()
    const calls = Array.from({ length: 8 }, () => database.query('select 1'))
    const outcomes = await Promise.allSettled(calls)
    process.kill(pid, 'SIGCONT')
    assert.ok(performance.now() - started < SETTLED_MS_MAX)
    for (const one of outcomes) {
      if (one.status === 'rejected') assert.match(String(one.reason), /store_(timeout|unavailable)/)
    }
    await eventually(() => database.query('select 1'))
  })

  /** The other end ends the connection of this transaction, politely. */
  async function end(transaction: Queryable): Promise<void> {
    const [own] = await transaction.query<{ pid: number }>('select pg_backend_pid() as pid')
    await database.query('select pg_terminate_backend($1)', [own?.pid ?? 0])
  }

  test('a connection that ends while its transaction rests is a fault, and no more', async () => {
    const resting = database.transaction(async (transaction) => {
      await end(transaction)
      await pause(50)
      await transaction.query('select 1')
    })
    await assert.rejects(resting, { code: 'store_unavailable' })
    // Whatever is left to do for a lost connection has been done by then.
    await pause(50)
    await database.query('select 1')
  })

  test('a transaction that fails by itself after its connection has ended', async () => {
    const failing = database.transaction(async (transaction) => {
      await end(transaction)
      await pause(50)
      throw new Error('of the work itself')
    })
    await assert.rejects(failing, /of the work itself|store_unavailable/)
    await pause(50)
    await database.query('select 1')
  })

  test('a connection that ends under a statement is a fault, and no more', async () => {
    let running: Promise<unknown> = Promise.resolve()
    const whole = database.transaction(async (transaction) => {
      const [own] = await transaction.query<{ pid: number }>('select pg_backend_pid() as pid')
      running = transaction.query('select pg_sleep(0.15)')
      running.catch(() => undefined)
      await database.query('select pg_terminate_backend($1)', [own?.pid ?? 0])
      await running
    })
    await assert.rejects(whole, { code: 'store_unavailable' })
    await assert.rejects(running, { code: 'store_unavailable' })
    await pause(50)
    await database.query('select 1')
  })

  test('a server that shuts down under transactions ends each with a fault', async () => {
    const several = Array.from({ length: 4 }, () =>
      database.transaction(async (transaction) => {
        for (let at = 0; at < 100; at++) {
          await transaction.query('select 1')
          await pause(at % 3)
        }
      }),
    )
    const outcomes = Promise.allSettled(several)
    await pause(20)
    // A fast shutdown: every connection is told, and ended.
    server.kill('SIGINT')
    await server.ended()
    for (const { status } of await outcomes) assert.equal(status, 'rejected')
    await pause(50)
    await server.restart()
    await eventually(() => database.query('select 1'))
  })

  test('a server that is gone is a fault, and is found again', async () => {
    server.kill('SIGKILL')
    await server.ended()
    const away = { code: 'store_unavailable' }
    await assert.rejects(database.query('select 1'), away)
    await assert.rejects(
      database.transaction(async () => undefined),
      away,
    )
    await assert.rejects(
      database.exclusive(1, async () => undefined),
      away,
    )
    await assert.rejects(database.execute('select 1'), away)
    await server.restart()
    await eventually(() => database.query('select 1'))
  })
})
