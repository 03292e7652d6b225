import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseAddress } from '../../src/core/address.ts'
import { Fault } from '../../src/core/fault.ts'
import { sha256Base64url } from '../../src/crypto/digest.ts'
import { openSession, presentedHashes } from '../../src/identity/sign-in.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
before(async () => {
  world = await openWorld()
  api = await world.start({ sessionIdleMs: 5_000, sessionLifetimeMs: 3_000 })
})
after(async () => {
  await api?.close()
  await world?.close()
})

const address = parseAddress('192.0.2.1')
assert.ok(address)
const CLIENT = { address, userAgent: 'UA', sessionIds: [] }

test('a session that may idle longer than it lives idles to its end', async () => {
  const { uid } = await world.addUser()
  const generation = await world.stores.sessions.generation(uid)
  const { sessionId } = await openSession(api.parts, { uid, generation, client: CLIENT })
  const found = await world.stores.sessions.find(sha256Base64url(sessionId))
  assert.equal(found?.idleAtMs, found?.session.endsAtMs)
})
test('a generation that has moved on opens nothing', async () => {
  const { uid } = await world.addUser()
  const generation = await world.stores.sessions.generation(uid)
  await world.stores.sessions.endAll(uid)
  await assert.rejects(
    openSession(api.parts, { uid, generation, client: CLIENT }),
    (problem: unknown) => problem instanceof Fault && problem.code === 'store_conflict',
  )
  assert.deepEqual(await world.stores.sessions.list(uid), [])
})
test('only what could be an id is looked up', () => {
  const { cookieRing } = api.parts
  const id = cookieRing.seal('A'.repeat(43))
  const sessionIds = ['', 'x', 'A'.repeat(68), id, `${id}=`]
  assert.deepEqual(presentedHashes(api.parts, { ...CLIENT, sessionIds }), [sha256Base64url(id)])
})
test('what was presented at a login is over, and the new session has another id', async () => {
  const { uid } = await world.addUser()
  const generation = await world.stores.sessions.generation(uid)
  const first = await openSession(api.parts, { uid, generation, client: CLIENT })
  const client = { ...CLIENT, sessionIds: [first.sessionId] }
  const second = await openSession(api.parts, { uid, generation, client })
  assert.notEqual(second.sessionId, first.sessionId)
  assert.equal(await world.stores.sessions.find(sha256Base64url(first.sessionId)), undefined)
  assert.equal((await world.stores.sessions.list(uid)).length, 1)
})
