import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`permissions in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  test('a change of the keyring is a message in the log, and nothing else', async () => {
    const { seq } = await world.authorizer.invalidations.heartbeat('probe', 0)
    const { receipt } = await world.identity.receipts.collect(() =>
      world.identity.keyrings.publishChange(),
    )
    assert.equal(receipt?.seq, seq + 1)
    assert.deepEqual(await world.authorizer.invalidations.since(seq), [
      { seq: seq + 1, scope: 'keyring', id: '' },
    ])
    await world.authorizer.invalidations.leave('probe')
  })

  test('permissions start small, change with a version and a message in the log', async () => {
    const { policies } = world.identity
    const before = await world.authorizer.policies.loadPermissions()
    assert.ok(before.rows.some((row) => row.role === 'superadmin' && row.action === 'ACCEPT'))
    const dropped = before.rows.filter((row) => row.role === 'admin' && row.action === 'DROP')
    assert.equal(dropped.length, 4)
    const { seq } = await world.authorizer.invalidations.heartbeat('probe', 0)
    const row = { role: 'trader', verb: 'get', path: '/api/v2/market', action: 'ACCEPT' as const }
    const added = await policies.add({ ...row, topic: null })
    assert.deepEqual({ ...added, id: 0 }, { ...row, verb: 'GET', topic: null, id: 0 })
    assert.equal(await policies.hasRole('trader'), true)
    assert.equal((await policies.change(added.id, { topic: 't' }))?.topic, 't')
    assert.equal((await policies.find({ page: 1, limit: 10, role: 'trader' })).total, 1)
    assert.equal(await policies.remove(added.id), true)
    assert.equal(await policies.remove(added.id), false)
    assert.equal(await policies.change(added.id, { topic: 't' }), undefined)
    assert.equal(await policies.hasRole('trader'), false)
    const now = await world.authorizer.policies.loadPermissions()
    assert.equal(now.version, before.version + 3)
    assert.deepEqual(now.rows, before.rows)
    const log = await world.authorizer.invalidations.since(seq)
    assert.deepEqual(
      log?.map((one) => one.scope),
      ['policy', 'policy', 'policy'],
    )
  })

  test('a permission with an unknown verb or action is refused by the database', async () => {
    const row = { role: 'r', verb: 'GET', path: '/', action: 'ACCEPT' as const, topic: null }
    const { policies } = world.identity
    for (const verb of ['', 'G T', 'get!', '-X', 'A'.repeat(21)]) {
      await assert.rejects(policies.add({ ...row, verb }), { code: 'store_rejected' }, verb)
    }
    for (const path of ['/a*', '/*b', '/**', 'x/*y/z']) {
      await assert.rejects(policies.add({ ...row, path }), { code: 'store_rejected' }, path)
    }
  })

  test('any verb may have a row of its own, and a star may stand for a segment', async () => {
    const { policies } = world.identity
    const row = { role: 'r', path: '/orders/*/cancel', action: 'ACCEPT' as const, topic: null }
    for (const verb of ['TRACE', 'OPTIONS', 'PROPFIND', 'M-SEARCH']) {
      const added = await policies.add({ ...row, verb })
      assert.equal(added.verb, verb)
      await policies.remove(added.id)
    }
  })
}
