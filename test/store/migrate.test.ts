import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Database } from '../../src/store/database.ts'
import { isMigrated, migrate, pendingMigrations } from '../../src/store/migrate.ts'
import { openDatabase } from '../../src/store/open.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { copyDirectory } from '../process/embedded.ts'
import { createFolder, removeFolder, startPostgres } from '../process/servers.ts'
import { migrationsDir } from './worlds.ts'

interface Opened {
  readonly first: Database
  /** Another process' view, where there can be one. */
  readonly second: Database
  close(): Promise<void>
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  async Postgres() {
    const server = await startPostgres()
    const first = openDatabase({ databaseUrl: server.url })
    const second = openDatabase({ databaseUrl: server.url })
    return {
      ...{ first, second },
      async close() {
        await Promise.all([first.close(), second.close()])
        await server.stop()
      },
    }
  },
  async PGlite() {
    const directory = await copyDirectory({ isBare: true })
    const first = await openPGlite(join(directory, 'database'))
    return {
      ...{ first, second: first },
      async close() {
        await first.close()
        await removeFolder(directory)
      },
    }
  },
}

for (const [name, open] of Object.entries(DRIVERS)) {
  describe(`migrations on ${name}`, () => {
    let opened: Opened
    let folder: string
    const put = (file: string, text: string) => writeFile(join(folder, file), text)
    before(async () => {
      ;[opened, folder] = await Promise.all([open(), createFolder('migrations')])
    })
    after(async () => {
      await opened.close()
      await removeFolder(folder)
    })

    test('two runs at once apply each file once', async () => {
      await put('0001_first.sql', '-- Why: one.\ncreate table one (a int);')
      await put('0002_second.sql', '-- Why: two.\ncreate table two (a int); select 1;')
      assert.equal(await isMigrated(opened.first, folder), false)
      const runs = await Promise.all([
        migrate(opened.first, folder),
        migrate(opened.second, folder),
      ])
      assert.deepEqual(runs.flat(), ['0001_first.sql', '0002_second.sql'])
      assert.equal(await isMigrated(opened.second, folder), true)
      assert.deepEqual(await migrate(opened.first, folder), [])
    })

    test('a file that fails is named with the reason, and nothing of the run remains', async () => {
      await put('0003_third.sql', '-- Why: three.\ncreate table three (a int);')
      await put('0004_fourth.sql', '-- Why: four.\nselect nonsense from nowhere;')
      await assert.rejects(migrate(opened.first, folder), {
        name: 'MigrationError',
        message: /^0004_fourth\.sql failed, nothing was applied: .*nowhere/,
      })
      const pending = await pendingMigrations(opened.first, folder)
      assert.deepEqual(pending, ['0003_third.sql', '0004_fourth.sql'])
      await put('0004_fourth.sql', '-- Why: four.\nselect 1;')
      assert.deepEqual(await migrate(opened.first, folder), pending)
    })

    test('a file that was changed after it was applied is refused', async () => {
      const text = '-- Why: two.\ncreate table two (a int); select 1;'
      await put('0002_second.sql', `${text} `)
      await assert.rejects(migrate(opened.first, folder), /0002_second\.sql was changed/)
      await put('0002_second.sql', text)
      assert.equal(await isMigrated(opened.first, folder), true)
    })

    test('a database that is newer than the folder is refused', async () => {
      const older = await createFolder('older')
      await writeFile(join(older, '0001_first.sql'), '-- Why: one.\ncreate table one (a int);')
      await assert.rejects(migrate(opened.first, older), /0002_second\.sql was applied/)
      await removeFolder(older)
    })

    const BAD_FOLDERS = [
      { name: 'a gap', file: '0006_sixth.sql', text: '-- Why.', error: /number 0005 is next/ },
      { name: 'a number twice', file: '0004_again.sql', text: '-- Why.', error: /out of order/ },
      { name: 'no number', file: 'fifth.sql', text: '-- Why.', error: /NNNN_name/ },
      { name: 'no reason', file: '0005_fifth.sql', text: 'select 1;', error: /says why/ },
    ]
    for (const { name: problem, file, text, error } of BAD_FOLDERS) {
      test(`${problem} is refused`, async () => {
        await put(file, text)
        await assert.rejects(migrate(opened.first, folder), error)
        await removeFolder(join(folder, file))
      })
    }

    test('the product’s own migrations apply to an empty database', async () => {
      await opened.first.execute('drop table migrations')
      const applied = await migrate(opened.first, migrationsDir)
      assert.equal(applied[0], '0001_people.sql')
      const [row] = await opened.first.query<{ n: number }>('select n::float8 as n from epoch')
      assert.equal(row?.n, 0)
    })
  })
}
