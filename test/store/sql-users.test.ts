import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMember, unique, WORLDS, type World } from './worlds.ts'

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`users in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
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
}
