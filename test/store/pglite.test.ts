import assert from 'node:assert/strict'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openPGlite } from '../../src/store/pglite.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder } from '../process/servers.ts'

describe('a damaged data directory is one clear line, and nothing is deleted', () => {
  let folder: string
  let database: string
  before(async () => {
    folder = await copyDirectory()
    database = join(folder, 'database')
  })
  after(() => removeFolder(folder))

  const DAMAGES = [
    { name: 'no control file', harm: () => rm(join(database, 'global', 'pg_control')) },
    {
      name: 'an empty control file',
      harm: () => writeFile(join(database, 'global/pg_control'), ''),
    },
    { name: 'another version', harm: () => writeFile(join(database, 'PG_VERSION'), '9\n') },
    { name: 'an empty version file', harm: () => truncate(join(database, 'PG_VERSION')) },
    { name: 'no version file', harm: () => rm(join(database, 'PG_VERSION')) },
  ]
  for (const { name, harm } of DAMAGES) {
    test(name, async () => {
      await harm()
      const before = (await readdir(database)).sort()
      await assert.rejects(openPGlite(database), (error: Error) => {
        assert.equal(error.name, 'DirectoryError')
        assert.match(error.message, /^data directory .* is damaged .*nothing was deleted$/)
        return true
      })
      const kept = (await readdir(database)).filter((file) => before.includes(file)).sort()
      assert.deepEqual(kept, before)
    })
  }
})

test('what is closed answers nothing more, and is there when it is opened again', async () => {
  const folder = await copyDirectory({ isBare: true })
  const database = await openPGlite(join(folder, 'database'))
  await database.execute('create table kept (a int)')
  await database.close()
  await assert.rejects(database.query('select 1'), { code: 'store_unavailable' })
  await assert.rejects(
    database.transaction(async () => undefined),
    { code: 'store_unavailable' },
  )

  const again = await openPGlite(join(folder, 'database'))
  assert.deepEqual(await again.query('select a from kept'), [])
  await again.close()
  await removeFolder(folder)
})

test('a transaction that throws leaves nothing behind', async () => {
  const folder = await copyDirectory()
  const database = await openPGlite(join(folder, 'database'))
  await database.execute('create table t (a int unique)')
  const failing = database.transaction(async (transaction) => {
    await transaction.query('insert into t values ($1)', [1])
    throw new Error('of the work itself')
  })
  await assert.rejects(failing, /of the work itself/)
  assert.deepEqual(await database.query('select a from t'), [])
  // A statement that failed unsaid takes its transaction with it, as in Postgres.
  const unsaid = database.transaction(async (transaction) => {
    await transaction.query('insert into t values (7)')
    await transaction.query('select 1 / 0').catch(() => undefined)
  })
  await assert.rejects(unsaid, { code: 'store_rejected' })
  assert.deepEqual(await database.query('select a from t'), [])
  await database.query('insert into t values (1)')
  // Asked outside while one is open: it has to wait until the transaction is over.
  const [outside] = await database.transaction(async (transaction) => {
    const waiting = database.query('select count(*)::int as rows from t')
    await transaction.query('insert into t values (2)')
    return [waiting]
  })
  assert.deepEqual(await outside, [{ rows: 2 }])
  await assert.rejects(database.query('insert into t values (1)'), {
    ...{ code: 'store_conflict', message: 'store_conflict: t_a_key' },
  })
  await database.close()
  await removeFolder(folder)
})
