import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Invalidation } from '../../src/core/invalidation.ts'
import { createMember, sessionFor, signIn, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`${name}: sessions`, () => sessionsContract(open))
  describe(`${name}: users, permissions and tokens`, () => peopleContract(open))
}

function sessionsContract(open: () => Promise<World>): void {
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

  test('a session that is over is not found', async () => {
    const uid = await createMember(world.identity)
    const session = sessionFor(uid, { endsAtMs: Date.now() - 1 })
    await world.identity.sessions.open(session, session.endsAtMs)
    assert.equal(await load(session.hash), undefined)
    assert.deepEqual(await world.identity.sessions.list(uid), [])
    assert.equal(await world.identity.sessions.end(session.hash), false)
  })

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

function peopleContract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  test('e-mail and username are unique whatever their case, and named when taken', async () => {
    const uid = unique('ID')
    const user = {
      ...{ uid, username: 'Alice', email: 'Alice@Example.com', passwordDigest: 'd' },
      ...{ role: 'member', level: 0, state: 'pending', referralId: null, data: '{"a":1}' },
    }
    const created = await world.identity.users.create(user)
    assert.equal(created.email, 'alice@example.com')
    assert.equal(created.username, 'alice')
    assert.equal(created.data, '{"a":1}')
    assert.equal(created.kind, 'user')
    assert.deepEqual(await world.identity.users.findByEmail(' ALICE@example.COM '), created)
    const { create } = world.identity.users
    await assert.rejects(create({ ...user, uid: 'ID2', username: null }), {
      ...{ code: 'store_conflict', message: 'store_conflict: email' },
    })
    await assert.rejects(create({ ...user, uid: 'ID2', email: 'b@example.com' }), {
      message: 'store_conflict: username',
    })
    await assert.rejects(create({ ...user, username: null, email: 'b@example.com' }), {
      message: 'store_conflict: uid',
    })
  })

  test('a referrer is kept by number and shown by uid', async () => {
    const referrer = await world.identity.users.findByUid(await createMember(world.identity))
    const uid = unique('ID')
    const user = await world.identity.users.create({
      ...{ uid, username: null, email: `${uid}@example.com`, passwordDigest: 'd' },
      ...{ role: 'member', level: 0, state: 'pending', data: null },
      referralId: referrer?.id ?? 0,
    })
    assert.equal(user.referralId, referrer?.id)
    assert.equal(user.referralUid, referrer?.uid)
  })

  test('a change touches what it names and nothing else', async () => {
    const uid = await createMember(world.identity)
    const before = await world.identity.users.findByUid(uid)
    const { users } = world.identity
    const changed = await users.change(uid, { data: 'x', passwordDigest: 'new', otp: true })
    assert.ok(before !== undefined && changed !== undefined)
    const { version, updatedAtMs, ...rest } = changed
    assert.equal(version, before.version + 1)
    assert.ok(updatedAtMs >= before.updatedAtMs)
    const expected = { ...before, data: 'x', passwordDigest: 'new', otp: true }
    const { version: _version, updatedAtMs: _updated, ...others } = expected
    assert.deepEqual(rest, others)
    assert.equal((await users.change(uid, { data: null }))?.data, null)
    assert.equal(await users.change(unique('nobody'), { level: 2 }), undefined)
  })

  test('users are found by every filter, ordered, in pages, with the total', async () => {
    const uids: string[] = []
    for (let n = 0; n < 5; n++) uids.push(await createMember(world.identity))
    for (const uid of uids) await world.identity.users.change(uid, { role: 'finder', level: 3 })
    const { find } = world.identity.users
    const page = { role: 'finder', orderBy: 'id', ordering: 'desc', page: 2, limit: 2 } as const
    const found = await find(page)
    assert.equal(found.total, 5)
    assert.deepEqual(
      found.users.map((user) => user.uid),
      [uids[2], uids[1]],
    )
    const toMs = Date.now() - 3_600_000
    assert.equal((await find({ ...page, toMs })).total, 0)
    assert.equal((await find({ ...page, range: 'updated', fromMs: toMs, level: 3 })).total, 5)
    assert.equal((await find({ ...page, state: 'banned' })).total, 0)
    assert.equal((await find({ ...page, email: `${uids[0]}@EXAMPLE.com` })).total, 1)
    for (const orderBy of ['uid', 'email', 'role', 'level', 'state'] as const) {
      assert.equal((await find({ ...page, orderBy, page: 1 })).users.length, 2)
    }
  })

  test('labels are put, replaced by key and scope, and listed', async () => {
    const uid = await createMember(world.identity)
    const { putLabel, labels } = world.identity.users
    await putLabel(uid, { key: 'email', value: 'pending', scope: 'private' })
    await putLabel(uid, { key: 'email', value: 'verified', scope: 'private' })
    await putLabel(uid, { key: 'email', value: 'mine', scope: 'public' })
    const rows = (await labels(uid)).map(({ key, value, scope }) => [key, value, scope].join(' '))
    assert.deepEqual(rows, ['email verified private', 'email mine public'])
    const nobody = putLabel('nobody', { key: 'k', value: 'v', scope: 'public' })
    await assert.rejects(nobody, { code: 'store_conflict' })
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
    const row = { role: 'r', verb: 'TRACE', path: '/', action: 'ACCEPT' as const, topic: null }
    await assert.rejects(world.identity.policies.add(row), { code: 'store_unavailable' })
  })

  test('a mailed token is good once, for one caller, and only the latest of its purpose', async () => {
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

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
