import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Burn } from '../../src/store/nonces.ts'
import { unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`nonces in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  const burn = (change: Partial<Burn> = {}) =>
    world.authorizer.nonces.burn({
      ...{ kid: 'k', nonceMs: Date.now(), lifetimeMs: 5000, rememberedMax: 100 },
      ...change,
    })

  test('a nonce is burned once, and each key has its own', async () => {
    const kid = unique('k')
    const nonceMs = Date.now()
    assert.equal(await burn({ kid, nonceMs }), 'burned')
    assert.equal(await burn({ kid, nonceMs }), 'used')
    assert.equal(await burn({ kid, nonceMs: nonceMs + 1 }), 'burned')
    assert.equal(await burn({ kid: unique('k'), nonceMs }), 'burned')
  })

  test('of many who burn the same at once exactly one is told so', async () => {
    const one = { kid: unique('k'), nonceMs: Date.now() }
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => burn(one)))
    assert.equal(outcomes.filter((outcome) => outcome === 'burned').length, 1)
    assert.equal(outcomes.filter((outcome) => outcome === 'used').length, 99)
  })

  test('what is too old to be remembered is refused as such, new or not', async () => {
    const kid = unique('k')
    assert.equal(await burn({ kid, nonceMs: Date.now() - 15_001 }), 'stale')
    assert.equal(await burn({ kid, nonceMs: Date.now() - 14_000 }), 'burned')
    assert.equal(await burn({ kid, nonceMs: Date.now() + 4_999 }), 'burned')
  })

  test('beyond the most that are remembered each is refused, until one grows old', async () => {
    const kid = unique('k')
    const now = Date.now()
    // Lives for half a second yet; the others are younger.
    assert.equal(await burn({ kid, nonceMs: now - 14_500, rememberedMax: 3 }), 'burned')
    for (const ahead of [1, 2]) {
      assert.equal(await burn({ kid, nonceMs: now + ahead, rememberedMax: 3 }), 'burned')
    }
    assert.equal(await burn({ kid, nonceMs: now + 3, rememberedMax: 3 }), 'full')
    assert.equal(await burn({ kid, nonceMs: now + 1, rememberedMax: 3 }), 'used')
    await new Promise((resolve) => setTimeout(resolve, now + 520 - Date.now()))
    assert.equal(await burn({ kid, nonceMs: now + 3, rememberedMax: 3 }), 'burned')
  })
}
