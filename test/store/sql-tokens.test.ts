import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMember, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`mailed tokens in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  test('a mailed token is good once, and only the latest of its purpose', async () => {
    const { tokens } = world.identity
    const uid = await createMember(world.identity)
    const notAfterMs = Date.now() + 60_000
    const issue = async (purpose: 'confirmation' | 'reset', notAfter = notAfterMs) => {
      const hash = unique('token')
      await tokens.issue({ purpose, uid, hash, notAfterMs: notAfter })
      return hash
    }
    const first = await issue('reset')
    const other = await issue('confirmation')
    const second = await issue('reset')
    assert.deepEqual(await tokens.redeem('reset', first), { outcome: 'utilized' })
    assert.deepEqual(await tokens.redeem('confirmation', second), { outcome: 'unknown' })
    const all = await Promise.all(Array.from({ length: 5 }, () => tokens.redeem('reset', second)))
    assert.deepEqual(
      all.filter((one) => one.outcome === 'redeemed'),
      [{ outcome: 'redeemed', uid }],
    )
    assert.equal((await tokens.redeem('confirmation', other)).outcome, 'redeemed')
    const past = await issue('reset', Date.now() - 1)
    assert.deepEqual(await tokens.redeem('reset', past), { outcome: 'expired' })
  })
}
