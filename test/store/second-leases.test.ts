import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createAcknowledger } from '../../src/store/acknowledge.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { recordChange } from '../../src/store/outbox.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { createSecondLeases, nameOfTurn } from '../../src/store/second-leases.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder } from '../process/servers.ts'
import { migrationsDir } from './worlds.ts'

describe('those who go by Postgres', () => {
  let folder: string
  let database: Database
  let leases: ReturnType<typeof createSecondLeases>
  before(async () => {
    folder = await copyDirectory()
    database = await openPGlite(join(folder, 'database'))
    await migrate(database, migrationsDir)
    leases = createSecondLeases(database)
  })
  after(async () => {
    await database.close()
    await removeFolder(folder)
  })

  const record = (subject: string) =>
    database.transaction((one) => recordChange(one, { scope: 'session', subject }))
  const applied = (id: number, seq: number) =>
    database.query(
      `update changes set applied_at = now(), seq = $2::float8::bigint
       where id = $1::float8::bigint`,
      [id, seq],
    )

  test('who is not listed is told nothing by which it could believe', async () => {
    assert.equal(await leases.ask('stranger', 0), undefined)
  })

  test('all that the log cannot have said is told, again at each question', async () => {
    await leases.enter('one')
    const [known, late, owed] = [await record('known'), await record('late'), await record('owed')]
    await applied(known, 10)
    await applied(late, 11)
    for (let asked = 0; asked < 2; asked++) {
      const told = await leases.ask('one', 10)
      assert.deepEqual(told, [
        { id: late, scope: 'session', subject: 'late' },
        { id: owed, scope: 'session', subject: 'owed' },
      ])
    }
    await applied(owed, 12)
    assert.deepEqual(await leases.ask('one', 12), [])
  })

  test('what was not committed by the time of the question is not told', async () => {
    const asked: unknown[] = []
    await assert.rejects(
      database.transaction(async (one) => {
        await recordChange(one, { scope: 'session', subject: 'undone' })
        throw new Error('of the work itself')
      }),
    )
    asked.push(...((await leases.ask('one', 12)) ?? ['not listed']))
    assert.deepEqual(asked, [])
  })

  test('only who has not asked since is struck off', async () => {
    await leases.enter('two')
    const of = async (name: string) => (await leases.listed()).find((one) => one.worker === name)
    const before = await of('two')
    await leases.ask('two', 12)
    await leases.strike('two', before?.beat ?? Number.NaN)
    const since = await of('two')
    assert.ok((since?.beat ?? 0) > (before?.beat ?? Number.NaN))
    await leases.strike('two', since?.beat ?? Number.NaN)
    assert.equal(await of('two'), undefined)
    assert.equal(await leases.ask('two', 12), undefined)
    await leases.leave('one')
    assert.deepEqual(await leases.listed(), [])
  })

  test('every name of the dead is struck off, and no name that only looks alike', async () => {
    const [dead, alive] = ['w_rk-er', 'wXrk-er']
    for (const worker of [dead, alive, `${dead}2`]) {
      for (const turn of [1, 12]) await leases.enter(nameOfTurn(worker, turn))
    }
    await leases.strikeDead(dead)
    await leases.strikeDead(dead)
    const left = (await leases.listed()).map(({ worker }) => worker)
    const others = [alive, `${dead}2`].flatMap((one) => [nameOfTurn(one, 1), nameOfTurn(one, 12)])
    assert.deepEqual(left.sort(), others.sort())
  })
})

const LEASE_MS = 100
const head = { epoch: '1.x', seq: 5, members: [] }

function acknowledgerOver(listed: () => Promise<readonly { worker: string; beat: number }[]>) {
  const struck: string[] = []
  const acknowledger = createAcknowledger({
    ...{ clock: systemClock, onFault: () => undefined },
    ...{ leaseMs: LEASE_MS, fenceMs: 0, retryMs: 0 },
    board: {
      members: async () => head,
      prune: async () => true,
      hearReports: async () => undefined,
    },
    seconds: {
      listed: async () => (await listed()).map((one) => ({ ...one, appliedSeq: 0 })),
      strike: async (name, beat) => void struck.push(`${name} ${beat}`),
    },
  })
  return { acknowledger, struck }
}

const LISTS: [name: string, list: Parameters<typeof acknowledgerOver>[0], path: string][] = [
  ['nobody goes by Postgres', async () => [], 'fast'],
  ['somebody goes by Postgres', async () => [{ worker: 'w.1', beat: 1 }], 'slow'],
  ['nobody knows whether', () => Promise.reject(new Error('away')), 'slow'],
]
for (const [name, list, path] of LISTS) {
  test(`where ${name} a change is waited for: ${path}`, async () => {
    const { acknowledger } = acknowledgerOver(list)
    const { inForce } = await acknowledger.putInForce(async () => head)
    const receipt = await inForce
    assert.equal(receipt.path, path)
    assert.ok(path === 'fast' || receipt.afterMs >= LEASE_MS)
  })
}

test('whoever has not asked for longer than a lease is struck off, and nobody else', async () => {
  let beat = 1
  const { acknowledger, struck } = acknowledgerOver(async () => [
    { worker: 'dead', beat: 1 },
    { worker: 'alive', beat: beat++ },
  ])
  for (let looks = 0; looks < 50 && struck.length === 0; looks++) {
    await acknowledger.lookAround()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.deepEqual(struck, ['dead 1'])
})
