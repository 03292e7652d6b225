import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Invalidation } from '../../src/core/invalidation.ts'
import { signIn, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`the log in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  const load = async (hash: string) => (await world.authorizer.facts.load(hash)).found
  const head = () => world.authorizer.invalidations.heartbeat('probe', 0)

  test('a ban is seen in the next load, with a higher version, and logged', async () => {
    const { hash, uid } = await signIn(world.identity)
    const was = (await load(hash))?.principal.version ?? 0
    const { seq } = await head()
    const user = await world.identity.users.change(uid, { state: 'banned' })
    assert.equal(user?.state, 'banned')
    const now = await load(hash)
    assert.equal(now?.principal.state, 'banned')
    assert.ok((now?.principal.version ?? 0) > was)
    const log = await world.authorizer.invalidations.since(seq)
    assert.deepEqual(log, [{ seq: seq + 1, scope: 'user', id: uid }])
  })

  test('many changes of one user at once leave the last version everywhere', async () => {
    const { hash, uid } = await signIn(world.identity)
    await Promise.all(
      Array.from({ length: 10 }, (_, level) => world.identity.users.change(uid, { level })),
    )
    const user = await world.identity.users.findByUid(uid)
    const found = await load(hash)
    assert.equal(found?.principal.level, user?.level)
    assert.equal(found?.principal.version, user?.version)
  })

  test('a push reaches the subscriber, numbered as in the log', async () => {
    const { promise, resolve } = deferred<Invalidation>()
    const { hash } = await signIn(world.identity)
    await world.authorizer.invalidations.subscribe({
      invalidated: (message) => {
        if (message.id === hash) resolve(message)
      },
      interrupted: () => undefined,
    })
    await world.identity.sessions.end(hash)
    const { seq } = await head()
    assert.deepEqual(await promise, { seq, scope: 'session', id: hash })
  })

  test('the log has no gaps, and says undefined where it does not reach', async () => {
    const { seq } = await head()
    for (let n = 0; n < 3; n++)
      await world.identity.sessions.end((await signIn(world.identity)).hash)
    const log = await world.authorizer.invalidations.since(seq)
    assert.deepEqual(
      log?.map((one) => one.seq),
      [seq + 1, seq + 2, seq + 3],
    )
    assert.deepEqual(await world.authorizer.invalidations.since(seq + 3), [])
    assert.equal(await world.authorizer.invalidations.since(seq + 4), undefined)
    assert.equal(await world.authorizer.invalidations.since(1), undefined)
  })

  test('a sealed board is not sealed again, and nothing is owed', async () => {
    assert.equal(await world.identity.keeper.seal(), false)
    assert.equal(await world.identity.keeper.reconcile(), 0)
    await world.authorizer.invalidations.leave('probe')
    await world.identity.ping()
  })
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
