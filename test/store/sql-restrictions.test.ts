import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EVERY_SESSION } from '../../src/core/invalidation.ts'
import type { NewRestriction } from '../../src/store/restrictions.ts'
import { signIn, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`restrictions in ${name}`, () => contract(open))
}

const ROW: NewRestriction = {
  ...{ category: 'blacklist', scope: 'ip', value: '192.0.2.1', code: 401, state: 'enabled' },
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world?.close())

  const logSince = async (seq: number) =>
    (await world.authorizer.invalidations.since(seq))?.map(({ scope, id }) => `${scope} ${id}`)
  const head = async () => (await world.authorizer.invalidations.heartbeat('probe', 0)).seq

  test('rows are added, changed, found and removed, each with a message in the log', async () => {
    const { restrictions } = world.identity
    assert.deepEqual(await world.authorizer.policies.loadRestrictions(), [])
    const seq = await head()
    const { id, createdAtMs, updatedAtMs, ...added } = await restrictions.add(ROW)
    assert.deepEqual(added, ROW)
    assert.ok(Math.abs(Date.now() - createdAtMs) < 60_000 && createdAtMs === updatedAtMs)
    assert.deepEqual(await world.authorizer.policies.loadRestrictions(), [{ id, ...ROW }])
    const changed = await restrictions.change(id, { value: '192.0.2.9', code: 403 })
    assert.deepEqual([changed?.value, changed?.code, changed?.state], ['192.0.2.9', 403, 'enabled'])
    await restrictions.change(id, { state: 'disabled' })
    assert.deepEqual(await world.authorizer.policies.loadRestrictions(), [])
    assert.equal((await restrictions.findById(id))?.state, 'disabled')
    assert.equal((await restrictions.remove(id))?.id, id)
    assert.equal(await restrictions.remove(id), undefined)
    assert.equal(await restrictions.change(id, { code: 403 }), undefined)
    assert.equal(await restrictions.findById(id), undefined)
    assert.deepEqual(await logSince(seq), new Array(4).fill('restrictions '))
  })

  test('rows are found by category, scope, state and time, in pages', async () => {
    const { restrictions } = world.identity
    const added = []
    for (const scope of ['ip', 'all'] as const) {
      for (const category of ['whitelist', 'maintenance'] as const) {
        added.push(await restrictions.add({ ...ROW, category, scope, value: '192.0.2.7' }))
      }
    }
    const page = { page: 1, limit: 100, range: 'created' } as const
    assert.equal((await restrictions.find(page)).total, 4)
    assert.equal((await restrictions.find({ ...page, category: 'whitelist' })).total, 2)
    assert.equal((await restrictions.find({ ...page, scope: 'all', state: 'enabled' })).total, 2)
    assert.equal((await restrictions.find({ ...page, state: 'disabled' })).total, 0)
    const second = await restrictions.find({ ...page, limit: 3, page: 2 })
    assert.deepEqual([second.rows.length, second.total], [1, 4])
    const bound = Date.now() + 60_000
    assert.equal((await restrictions.find({ ...page, fromMs: bound })).total, 0)
    assert.equal((await restrictions.find({ ...page, range: 'updated', toMs: bound })).total, 4)
    for (const { id } of added) await restrictions.remove(id)
  })

  test('the same row twice is a conflict, and publishes nothing', async () => {
    const { restrictions } = world.identity
    const { id } = await restrictions.add(ROW)
    const seq = await head()
    await assert.rejects(restrictions.add(ROW), { code: 'store_conflict' })
    assert.deepEqual(await logSince(seq), [])
    await restrictions.remove(id)
  })

  test('a blocklogin row that comes into force ends every session at once', async () => {
    const { restrictions, sessions } = world.identity
    const signedIn = [await signIn(world.identity), await signIn(world.identity)]
    const isAlive = async () => {
      const found = await Promise.all(
        signedIn.map(async ({ hash }) => (await world.authorizer.facts.load(hash)).found),
      )
      return found.every((one) => one !== undefined)
    }
    const row = { ...ROW, category: 'blocklogin', state: 'disabled' } as const
    const { id } = await restrictions.add(row)
    assert.ok(await isAlive())
    const seq = await head()
    await restrictions.change(id, { state: 'enabled' })
    for (const { hash } of signedIn) {
      assert.equal((await world.authorizer.facts.load(hash)).found, undefined)
      assert.equal(await sessions.find(hash), undefined)
    }
    const log = (await logSince(seq)) ?? []
    assert.equal(log[0], 'restrictions ')
    assert.equal(log.at(-1), `session ${EVERY_SESSION}`)

    signedIn.splice(0, 2, await signIn(world.identity))
    await restrictions.change(id, { code: 425 })
    await restrictions.change(id, { state: 'disabled' })
    await restrictions.remove(id)
    assert.ok(await isAlive(), 'nothing but coming into force ends sessions')
    const again = await restrictions.add({ ...row, state: 'enabled' })
    assert.ok(!(await isAlive()))
    await restrictions.remove(again.id)
  })

  test('a link whitelists the address that redeems it, until it is over', async () => {
    const { restrictions } = world.identity
    const live = unique('hash-')
    const over = unique('hash-')
    const issuedBy = 'ID1'
    await restrictions.issueLink({ hash: live, issuedBy, notAfterMs: Date.now() + 60_000 })
    await restrictions.issueLink({ hash: over, issuedBy, notAfterMs: Date.now() - 1 })
    assert.equal(await restrictions.redeemLink(over, '192.0.2.3'), undefined)
    assert.equal(await restrictions.redeemLink(unique('hash-'), '192.0.2.3'), undefined)
    const row = await restrictions.redeemLink(live, '192.0.2.3')
    assert.ok(row !== undefined)
    assert.deepEqual(
      [row.category, row.scope, row.value, row.code, row.state],
      ['whitelist', 'ip', '192.0.2.3', 401, 'enabled'],
    )
    await assert.rejects(restrictions.redeemLink(live, '192.0.2.3'), { code: 'store_conflict' })
    assert.ok((await restrictions.redeemLink(live, '192.0.2.4')) !== undefined)
  })
}
