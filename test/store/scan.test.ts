import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Database } from '../../src/store/database.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { copyDirectory } from '../process/embedded.ts'
import { type RunningServer, removeFolder, startPostgres } from '../process/servers.ts'

const ROWS = 5_001

interface Row {
  readonly n: number
}

const SERVERS = ['Postgres', 'PGlite'] as const

for (const name of SERVERS) {
  describe(`all rows of a statement, from ${name}`, () => {
    let server: RunningServer | undefined
    let folder: string | undefined
    let database: Database

    before(async () => {
      server = name === 'Postgres' ? await startPostgres() : undefined
      const times = { statementTimeoutMs: 5_000, connectTimeoutMs: 5_000 }
      if (server === undefined) {
        folder = await copyDirectory({ isBare: true })
        database = await openPGlite(join(folder, 'database'))
      } else {
        database = createPostgres({ url: server.url, poolMax: 3, ...times })
      }
      await database.query(`create table numbers as select n from generate_series(1, ${ROWS}) as n`)
    })
    after(async () => {
      await database.close()
      await server?.stop()
      if (folder !== undefined) await removeFolder(folder)
    })

    const scan = (least: number, each: (rows: readonly Row[]) => Promise<void>) =>
      database.scan<Row>('select n::float8 as n from numbers where n >= $1::float8', [least], each)

    test('each of them is handed over once, a part at a time', async () => {
      const seen: number[] = []
      let atWork = 0
      let parts = 0
      await scan(3, async (rows) => {
        parts += 1
        atWork += 1
        assert.equal(atWork, 1)
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(...rows.map(({ n }) => n))
        atWork -= 1
      })
      assert.equal(new Set(seen).size, ROWS - 2)
      assert.equal(seen.length, ROWS - 2)
      assert.ok(parts >= 3, `${parts} parts`)
    })

    test('no rows are no parts', async () => {
      await scan(ROWS + 1, () => Promise.reject(new Error('there is nothing to hand over')))
    })

    test('what cannot be worked on ends it, and the next one begins anew', async () => {
      let parts = 0
      const broken = scan(1, async () => {
        parts += 1
        throw new Error('full')
      })
      await assert.rejects(broken, /full/)
      assert.equal(parts, 1)
      let count = 0
      await scan(1, async (rows) => {
        count += rows.length
      })
      assert.equal(count, ROWS)
    })

    test('a statement that cannot be read is a fault', async () => {
      const each = () => Promise.resolve()
      await assert.rejects(database.scan('select nothing', [], each), { name: 'Fault' })
    })

    if (name === 'PGlite') return

    test('it may take longer than a statement may', async () => {
      const url = server?.url ?? ''
      const times = { statementTimeoutMs: 200, connectTimeoutMs: 5_000 }
      const hasty = createPostgres({ url, poolMax: 1, ...times })
      const slow = 'select n, pg_sleep(0.5) from numbers where n = $1::float8'
      await assert.rejects(hasty.query(slow, [1]), { code: 'store_timeout' })
      const seen: number[] = []
      await hasty.scan<Row>(slow, [1], async (rows) => {
        seen.push(...rows.map(({ n }) => n))
      })
      assert.deepEqual(seen, [1])
      // It was for that transaction only.
      await assert.rejects(hasty.query(slow, [1]), { code: 'store_timeout' })
      await hasty.close()
    })

    test('it is as of one moment, whatever is written meanwhile', async () => {
      let count = 0
      await scan(1, async (rows) => {
        if (count === 0) await database.query('delete from numbers where n > 1000')
        count += rows.length
      })
      assert.equal(count, ROWS)
      count = 0
      await scan(1, async (rows) => {
        count += rows.length
      })
      assert.equal(count, 1_000)
    })
  })
}
