import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMember, sessionFor, signIn, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`facts in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  const load = async (hash: string) => (await world.authorizer.facts.load(hash)).found
  const head = () => world.authorizer.invalidations.heartbeat('probe', 0)

  test('an opened session is loaded exactly as it was written, with its principal', async () => {
    const session = await signIn(world.identity)
    const found = await load(session.hash)
    assert.deepEqual(found?.session, session)
    assert.equal(found?.principal.uid, session.uid)
    assert.equal(found?.principal.role, 'member')
    assert.equal(found?.idleAtMs, session.createdAtMs + 1_800_000)
  })

  test('an unknown hash is not found, with the point of the log', async () => {
    const { epoch, seq, found } = await world.authorizer.facts.load(unique('nobody'))
    assert.equal(found, undefined)
    assert.deepEqual(await head(), { epoch, seq })
    assert.match(epoch, /^[1-9]\d*\.[0-9a-f]{40}$/)
  })

  test('touch extends, never shortens, never creates, and the listing knows it', async () => {
    const { touch } = world.authorizer.facts
    const session = await signIn(world.identity)
    const idleAtMs = session.createdAtMs + 1_800_000
    const nobody = unique('nobody')
    await touch([
      { hash: session.hash, idleAtMs: idleAtMs + 60_000 },
      { hash: nobody, idleAtMs },
    ])
    await touch([{ hash: session.hash, idleAtMs }])
    await touch([])
    assert.equal((await load(session.hash))?.idleAtMs, idleAtMs + 60_000)
    assert.equal(await load(nobody), undefined)
    const listing = await world.identity.sessions.find(session.hash)
    assert.equal(listing?.idleAtMs, idleAtMs + 60_000)
    assert.deepEqual(listing?.session, session)
  })

  test('a touch during a logout never brings the session back', async () => {
    for (let round = 0; round < 20; round++) {
      const { hash, endsAtMs } = await signIn(world.identity)
      const touches = Array.from({ length: 8 }, (_, n) => ({ hash, idleAtMs: endsAtMs + n }))
      await Promise.all([
        ...touches.map((one) => world.authorizer.facts.touch([one])),
        world.identity.sessions.end(hash),
        ...touches.map((one) => world.authorizer.facts.touch([one])),
      ])
      assert.equal(await load(hash), undefined)
    }
  })

  test('a batch of more touches than one script takes is applied whole', async () => {
    const session = await signIn(world.identity)
    const filler = Array.from({ length: 1_200 }, (_, n) => ({ hash: `none-${n}`, idleAtMs: 1 }))
    const idleAtMs = session.endsAtMs
    await world.authorizer.facts.touch([...filler, { hash: session.hash, idleAtMs }])
    assert.equal((await load(session.hash))?.idleAtMs, idleAtMs)
  })

  test('a session that was idle too long stays readable until its end', async () => {
    const uid = await createMember(world.identity)
    const session = sessionFor(uid)
    await world.identity.sessions.open(session, session.createdAtMs - 1)
    assert.equal((await load(session.hash))?.idleAtMs, session.createdAtMs - 1)
    assert.equal(await world.identity.sessions.find(session.hash), undefined)
  })
}
