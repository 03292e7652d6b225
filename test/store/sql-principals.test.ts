import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMember, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`principals in ${name}`, () => {
    let world: World
    before(async () => {
      world = await open()
    })
    after(() => world.close())

    test('an authorizer can be asked about somebody who is not signed in', async () => {
      const uid = await createMember(world.identity)
      const found = await world.authorizer.principals.load(uid)
      assert.equal(found?.email, `${uid.toLowerCase()}@example.com`)
      assert.deepEqual([found?.role, found?.state], ['member', 'active'])
    })

    test('nobody is undefined', async () => {
      assert.equal(await world.authorizer.principals.load(unique('nobody')), undefined)
    })
  })
}
