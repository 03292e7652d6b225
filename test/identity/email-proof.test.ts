import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { issueCode, recordEmailProof, redeemCode } from '../../src/identity/email-proof.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
before(async () => {
  world = await openWorld()
  api = await world.start()
})
after(async () => {
  await api?.close()
  await world?.close()
})

test('a code is redeemed by its own purpose only, at the last instant and not after', async () => {
  const { uid } = await world.addUser()
  const code = await issueCode(api.parts, 'reset', uid)
  assert.ok('kind' in (await redeemCode(api.parts, 'confirmation', code)))
  world.nowMs += api.parts.settings.mailTokenLifetimeMs - 1
  assert.deepEqual(await redeemCode(api.parts, 'reset', code), { uid })
  const late = await issueCode(api.parts, 'reset', uid)
  world.nowMs += api.parts.settings.mailTokenLifetimeMs
  const refused = await redeemCode(api.parts, 'reset', late)
  assert.deepEqual('kind' in refused && refused.codes, ['jwt.decode_and_verify.expired'])
})
test('a proven address activates, labels, and never lowers the level', async () => {
  const user = await world.addUser({ state: 'pending' })
  const higher = await world.stores.users.change(user.uid, { level: 3 })
  assert.ok(higher)
  const active = await recordEmailProof(world.stores.users, higher)
  assert.deepEqual([active?.state, active?.level], ['active', 3])
  const [label] = await world.stores.users.labels(user.uid)
  assert.deepEqual([label?.key, label?.value, label?.scope], ['email', 'verified', 'private'])
})
