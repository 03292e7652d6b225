import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMember, sessionFor, signIn, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`sessions in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  const load = async (hash: string) => (await world.authorizer.facts.load(hash)).found
  const head = () => world.authorizer.invalidations.heartbeat('probe', 0)

  test('an ended session is gone for authorizers when the call returns, and logged', async () => {
    const session = await signIn(world.identity)
    const { seq } = await head()
    assert.equal(await world.identity.sessions.end(session.hash), true)
    assert.equal(await load(session.hash), undefined)
    assert.equal(await world.identity.sessions.find(session.hash), undefined)
    const log = await world.authorizer.invalidations.since(seq)
    assert.deepEqual(log, [{ seq: seq + 1, scope: 'session', id: session.hash }])
  })

  test('of many who end a session one is told that it did', async () => {
    const { hash } = await signIn(world.identity)
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => world.identity.sessions.end(hash)),
    )
    assert.equal(outcomes.filter(Boolean).length, 1)
    assert.equal(await world.identity.sessions.end(unique('nobody')), false)
  })

  test('ending all but one keeps that one, at the new generation', async () => {
    const kept = await signIn(world.identity)
    const others = [await signIn(world.identity, kept.uid), await signIn(world.identity, kept.uid)]
    assert.equal(await world.identity.sessions.endAll(kept.uid, kept.hash), 2)
    for (const { hash } of others) assert.equal(await load(hash), undefined)
    assert.equal((await load(kept.hash))?.session.generation, 1)
    assert.equal(await world.identity.sessions.generation(kept.uid), 1)
    const listed = await world.identity.sessions.list(kept.uid)
    assert.deepEqual(
      listed.map((one) => one.session.hash),
      [kept.hash],
    )
    assert.equal(await world.identity.sessions.endAll(kept.uid), 1)
    assert.equal(await load(kept.hash), undefined)
  })

  test('a login that began before all sessions were ended does not survive it', async () => {
    const uid = await createMember(world.identity)
    const generation = await world.identity.sessions.generation(uid)
    await world.identity.sessions.endAll(uid)
    const late = sessionFor(uid, { generation })
    await assert.rejects(world.identity.sessions.open(late, late.endsAtMs), {
      code: 'store_conflict',
    })
    assert.equal(await load(late.hash), undefined)
  })

  test('logins racing with ending all: whatever is open afterwards is of the new age', async () => {
    const uid = await createMember(world.identity)
    const racers = Array.from({ length: 12 }, () => sessionFor(uid))
    const outcomes = await Promise.allSettled([
      ...racers.slice(0, 6).map((one) => world.identity.sessions.open(one, one.endsAtMs)),
      world.identity.sessions.endAll(uid),
      ...racers.slice(6).map((one) => world.identity.sessions.open(one, one.endsAtMs)),
    ])
    assert.equal(outcomes[6]?.status, 'fulfilled')
    for (const { hash } of racers) assert.equal(await load(hash), undefined)
    assert.deepEqual(await world.identity.sessions.list(uid), [])
  })

  test('a session that is over is not found', async () => {
    const uid = await createMember(world.identity)
    const session = sessionFor(uid, { endsAtMs: Date.now() - 1 })
    await world.identity.sessions.open(session, session.endsAtMs)
    assert.equal(await load(session.hash), undefined)
    assert.deepEqual(await world.identity.sessions.list(uid), [])
    assert.equal(await world.identity.sessions.end(session.hash), false)
  })
}
