import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compileRules, matchRules } from '../../src/core/rule.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { plantSeed, readSeed, SeedError } from '../../src/store/seeds.ts'
import { createPermissions } from '../../src/store/sql-policies.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder } from '../process/servers.ts'
import { migrationsDir } from './worlds.ts'

const SEEDS = join(migrationsDir, 'seeds')
const OWED = 'select scope from changes where applied_at is null order by id'

describe('seeds of permissions', () => {
  let folder: string
  let database: Database
  before(async () => {
    folder = await copyDirectory()
    database = await openPGlite(join(folder, 'database'))
    await migrate(database, migrationsDir)
  })
  after(async () => {
    await database.close()
    await removeFolder(folder)
  })
  const owed = async () => (await database.query<{ scope: string }>(OWED)).map((row) => row.scope)

  test('what migrations begin with is the seed of our own', async () => {
    assert.equal((await plantSeed(database, SEEDS, 'dvara')).outcome, 'present')
    assert.deepEqual(await owed(), [])
  })

  test('an unknown seed is refused, naming those there are', async () => {
    await assert.rejects(plantSeed(database, SEEDS, 'x'), /one of barong, dvara/)
  })

  test('Barong’s rows replace untouched ones and are owed to the log, once', async () => {
    assert.equal((await plantSeed(database, SEEDS, 'barong')).outcome, 'loaded')
    assert.deepEqual(await owed(), ['policy'])
    assert.equal((await plantSeed(database, SEEDS, 'barong')).outcome, 'present')
    assert.deepEqual(await owed(), ['policy'])
    const { rows } = await createPermissions(database).loadPermissions()
    const { rules, problems } = compileRules(rows)
    assert.deepEqual(problems, [])
    const may = (role: string, method: string, path: string) =>
      matchRules(rules, role, { method, path, foldedPath: path.toLowerCase() }).isAccepted
    for (const [role, method, path, expected] of CASES) {
      assert.equal(may(role, method, path), expected, `${role} ${method} ${path}`)
    }
  })

  test('rows that somebody edited are never overwritten', async () => {
    await database.query("update permissions set topic = 't' where role = 'trader'")
    await assert.rejects(plantSeed(database, SEEDS, 'dvara'), SeedError)
    const { rows } = await createPermissions(database).loadPermissions()
    assert.ok(rows.some((row) => row.topic === 't'))
  })

  test('an empty table takes any seed', async () => {
    await database.query('delete from permissions')
    assert.equal((await plantSeed(database, SEEDS, 'dvara')).outcome, 'loaded')
  })
})

const ADMIN = '/api/v2/barong/admin'
const CASES: readonly (readonly [string, string, string, boolean])[] = [
  ['superadmin', 'DELETE', `${ADMIN}/permissions`, true],
  ['admin', 'GET', `${ADMIN}/users`, true],
  ['admin', 'GET', `${ADMIN}/permissions`, false],
  ['admin', 'GET', '/api/v2/admin/permissions', false],
  ['admin', 'POST', `${ADMIN}/users/role`, false],
  ['admin', 'GET', `${ADMIN}/activities/admin`, false],
  ['accountant', 'GET', `${ADMIN}/users`, true],
  ['accountant', 'POST', `${ADMIN}/users`, false],
  ['accountant', 'POST', '/api/v2/peatio/admin/adjustments/new', true],
  ['accountant', 'GET', `${ADMIN}/users/documents/pending`, false],
  ['compliance', 'PUT', `${ADMIN}/users`, true],
  ['compliance', 'GET', `${ADMIN}/restrictions`, false],
  ['technical', 'POST', `${ADMIN}/restrictions`, true],
  ['technical', 'GET', '/api/v2/peatio/admin/withdraws', false],
  ['support', 'POST', `${ADMIN}/users/update`, true],
  ['support', 'PUT', `${ADMIN}/users`, false],
  ['trader', 'POST', '/api/v2/peatio/market/orders', true],
  ['broker', 'POST', '/api/v2/ranger/private', false],
  ['member', 'GET', '/api/v2/ranger/private', true],
  ['member', 'GET', `${ADMIN}/users`, false],
  ['maker', 'POST', '/api/v2/barong/resource/api_keys', true],
  ['sa_maker', 'POST', '/api/v2/barong/resource/api_keys', false],
  ['sa_maker', 'GET', '/api/v2/peatio/account/balances', true],
]

test('a seed with a mistake names its place', () => {
  assert.throws(() => readSeed({ r: { permit: [] } }, 'x.yml'), /x\.yml: r\.permit/)
  for (const line of ['GET', 'get /x', 'GET /x y', 'GET /a/../b', 'GET /a*']) {
    assert.throws(() => readSeed({ r: { accept: [line] } }, 'x.yml'), /is not `VERBS path`/)
  }
  assert.deepEqual(readSeed({ r: { drop: ['GET,TRACE /x'], topic: 't' } }, 'x.yml'), [
    { role: 'r', verb: 'GET', path: '/x', action: 'DROP', topic: null },
    { role: 'r', verb: 'TRACE', path: '/x', action: 'DROP', topic: null },
  ])
})
