import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { KEYS_PER_HOLDER_MAX } from '../../src/store/api-keys.ts'
import { createAccount, createHolder, createKey, keyFor } from './keys.ts'
import { createMember, signIn, unique, WORLDS, type World } from './worlds.ts'

const SIDE_BY_SIDE = 4

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`API keys in ${name}`, () => {
    let world: World
    before(async () => {
      world = await open()
    })
    after(() => world.close())
    contract(() => world)
    ofAccounts(() => world)
    ofSecondFactors(() => world)
  })
}

/** What an authorizer would read now. */
function reader(world: () => World) {
  return async (kid: string) => (await world().authorizer.keys.load(kid)).found
}

function contract(world: () => World): void {
  const load = reader(world)
  const stores = () => world().identity

  test('a key is read with its holder, who has no session, exactly as it was made', async () => {
    const uid = await createHolder(stores())
    const expiresAtMs = Date.now() + 3_600_000
    const rate = { perSecond: 5, burst: 20 }
    const key = keyFor(uid, { expiresAtMs, rate, isV1Accepted: false, algorithm: 'EdDSA' })
    assert.equal(await load(key.kid), undefined)
    const made = await stores().apiKeys.create(key)
    assert.equal(made.outcome, 'done')
    const found = await load(key.kid)
    assert.deepEqual(found?.key, { ...key, state: 'active', version: 1 })
    const user = await stores().users.findByUid(uid)
    assert.equal(found?.principal.uid, uid)
    assert.equal(found?.principal.version, user?.version)
    assert.equal(found?.principal.kind, 'user')
    const listed = await stores().apiKeys.find(uid, key.kid)
    assert.deepEqual(listed?.key, found?.key)
    assert.equal(await stores().apiKeys.find('another', key.kid), undefined)
  })

  test('only what a change names changes, in force and logged when it returns', async () => {
    const uid = await createHolder(stores())
    const kid = await createKey(stores(), uid, { rate: { perSecond: 1, burst: 2 } })
    const { seq } = await world().authorizer.invalidations.heartbeat('probe', 0)
    const was = (await load(kid))?.key
    assert.ok(was !== undefined)
    const { apiKeys } = stores()
    await apiKeys.change(uid, kid, { scopes: ['/only'] })
    assert.deepEqual((await load(kid))?.key, { ...was, scopes: ['/only'], version: 2 })
    await apiKeys.change(uid, kid, { rate: null, expiresAtMs: 9e12, state: 'paused' })
    const expected = { scopes: ['/only'], rate: undefined, expiresAtMs: 9e12, state: 'paused' }
    assert.deepEqual((await load(kid))?.key, { ...was, ...expected, version: 3 })
    assert.deepEqual(await world().authorizer.invalidations.since(seq), [
      { seq: seq + 1, scope: 'key', id: kid },
      { seq: seq + 2, scope: 'key', id: kid },
    ])
    const unknown = await apiKeys.change('another', kid, { state: 'active' })
    assert.equal(unknown.outcome, 'unknown')
    assert.equal((await apiKeys.change(uid, 'none', {})).outcome, 'unknown')
  })

  test('a removed key is gone at once, and only its holder removes it', async () => {
    const uid = await createHolder(stores())
    const kid = await createKey(stores(), uid)
    assert.equal(await stores().apiKeys.remove('another', kid), false)
    assert.notEqual(await load(kid), undefined)
    assert.equal(await stores().apiKeys.remove(uid, kid), true)
    assert.equal(await load(kid), undefined)
    assert.equal(await stores().apiKeys.remove(uid, kid), false)
    await stores().users.change(uid, { level: 5 })
    assert.equal(await load(kid), undefined, 'a change of the holder does not revive it')
  })

  test('nobody else may hold an active key', async () => {
    const { apiKeys, users } = stores()
    const withoutOtp = await createMember(stores())
    assert.equal((await apiKeys.create(keyFor(withoutOtp))).outcome, 'inactive')
    const banned = await createHolder(stores())
    await users.change(banned, { state: 'banned' })
    assert.equal((await apiKeys.create(keyFor(banned))).outcome, 'inactive')
    assert.equal((await apiKeys.create(keyFor(unique('nobody')))).outcome, 'unknown')
  })

  test('a ban, a lost second factor and a new role are in force for keys at once', async () => {
    const { apiKeys, users } = stores()
    for (const change of [{ state: 'banned' }, { otp: false }, { state: 'pending' }]) {
      const uid = await createHolder(stores())
      const kid = await createKey(stores(), uid)
      await users.change(uid, { role: 'trader' })
      assert.equal((await load(kid))?.principal.role, 'trader')
      assert.equal((await load(kid))?.key.state, 'active')
      await users.change(uid, change)
      const found = await load(kid)
      assert.equal(found?.key.state, 'inactive', JSON.stringify(change))
      assert.equal(found?.principal.state, change.state ?? 'active')
      assert.equal(found?.principal.otp, change.otp ?? true)
      assert.equal((await apiKeys.change(uid, kid, { state: 'active' })).outcome, 'inactive')
      await users.change(uid, { state: 'active', otp: true })
      assert.equal((await load(kid))?.key.state, 'inactive', 'it does not come back by itself')
      assert.equal((await apiKeys.change(uid, kid, { state: 'active' })).outcome, 'done')
      assert.equal((await load(kid))?.key.state, 'active')
    }
  })

  test('a key made while its holder is banned is never left active', async () => {
    const { apiKeys, users } = stores()
    const uid = await createHolder(stores())
    const keys = Array.from({ length: 6 }, () => keyFor(uid))
    const making = keys.map((key) => apiKeys.create(key))
    await users.change(uid, { state: 'banned' })
    await Promise.all(making)
    for (const { kid } of keys) assert.notEqual((await load(kid))?.key.state, 'active')
  })

  test('rotation: both work until the old one ends, with the same permissions', async () => {
    const { apiKeys } = stores()
    const uid = await createHolder(stores())
    const kid = await createKey(stores(), uid, { scopes: ['/s'], isV1Accepted: false })
    const endsAtMs = Date.now() + 60_000
    const material = new Uint8Array([9])
    const successor = { kid: unique('kid-'), algorithm: 'ES256' as const, material }
    const rotated = await apiKeys.rotate({ uid, kid, endsAtMs }, successor)
    assert.equal(rotated.outcome, 'done')
    const [old, fresh] = [await load(kid), await load(successor.kid)]
    assert.equal(old?.key.expiresAtMs, endsAtMs)
    assert.equal(old?.key.state, 'active')
    const { scopes, isV1Accepted, algorithm, expiresAtMs } = fresh?.key ?? assert.fail()
    const expected = { scopes: ['/s'], isV1Accepted: false, algorithm: 'ES256' }
    assert.deepEqual({ scopes, isV1Accepted, algorithm }, expected)
    assert.deepEqual([fresh?.key.material, expiresAtMs], [material, undefined])
    const again = { kid: unique('kid-'), algorithm: 'HS256' as const, material }
    await apiKeys.rotate({ uid, kid, endsAtMs: endsAtMs + 9_000_000 }, again)
    assert.equal((await load(kid))?.key.expiresAtMs, endsAtMs, 'an end is never put off')
    await apiKeys.change(uid, kid, { state: 'inactive' })
    const third = { ...again, kid: unique('kid-') }
    assert.equal((await apiKeys.rotate({ uid, kid, endsAtMs }, third)).outcome, 'inactive')
    assert.equal((await apiKeys.rotate({ uid, kid: 'none', endsAtMs }, third)).outcome, 'unknown')
  })

  test('keys are listed in order and in pages, and there is a most of them', async () => {
    const { apiKeys } = stores()
    const uid = await createHolder(stores())
    // Few at once: of all at once none would be in force in time, and each would be withdrawn.
    for (let made = 0; made < KEYS_PER_HOLDER_MAX; made += SIDE_BY_SIDE) {
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => createKey(stores(), uid)))
    }
    assert.equal((await apiKeys.create(keyFor(uid))).outcome, 'full')
    const query = { uid, orderBy: 'id', ordering: 'asc', page: 1, limit: 3 } as const
    const first = await apiKeys.list(query)
    assert.equal(first.total, KEYS_PER_HOLDER_MAX)
    assert.equal(first.keys.length, 3)
    const last = await apiKeys.list({ ...query, ordering: 'desc' })
    const kid = last.keys[0]?.key.kid ?? assert.fail()
    assert.ok(!first.keys.some((one) => one.key.kid === kid))
    await apiKeys.change(uid, kid, { expiresAtMs: Date.now() - 1 })
    assert.equal((await apiKeys.create(keyFor(uid))).outcome, 'done', 'expired ones do not count')
  })
}

function ofAccounts(world: () => World): void {
  const load = reader(world)
  const stores = () => world().identity

  test('a service account holds keys, and follows its owner when the owner falls', async () => {
    const { users, serviceAccounts, apiKeys } = stores()
    for (const change of [{ state: 'banned' }, { otp: false }]) {
      const owner = await createHolder(stores())
      const uid = await createAccount(stores(), owner)
      const kid = await createKey(stores(), uid)
      const found = await load(kid)
      assert.equal(found?.principal.kind, 'service')
      assert.deepEqual([found?.principal.role, found?.principal.level], ['service', 2])
      await users.change(owner, change)
      assert.equal((await load(kid))?.key.state, 'inactive')
      assert.equal((await load(kid))?.principal.state, change.state ?? 'active')
      const account = await serviceAccounts.find(uid)
      assert.equal(account?.state, change.state ?? 'active')
      assert.equal((await apiKeys.create(keyFor(uid))).outcome, 'inactive')
    }
  })

  test('without an owner it stands alone; leaving active ends its keys', async () => {
    const uid = await createAccount(stores(), null)
    const kid = await createKey(stores(), uid)
    assert.equal((await load(kid))?.key.state, 'active')
    const changed = await stores().serviceAccounts.change(uid, { role: 'sa_maker', level: 3 })
    assert.deepEqual([changed?.role, changed?.level, changed?.state], ['sa_maker', 3, 'active'])
    assert.equal((await load(kid))?.principal.role, 'sa_maker')
    await stores().serviceAccounts.change(uid, { state: 'disabled' })
    const found = await load(kid)
    assert.deepEqual([found?.key.state, found?.principal.state], ['inactive', 'disabled'])
    assert.equal(await stores().serviceAccounts.change('none', { level: 1 }), undefined)
  })

  test('it takes level and state of its owner, and names what is taken', async () => {
    const { serviceAccounts } = stores()
    const owner = await createHolder(stores())
    const uid = unique('SI')
    const account = { uid, email: `Upper.${uid}@Example.com`, role: 'r', ownerUid: owner }
    const made = await serviceAccounts.create({ ...account, level: null, state: null })
    assert.ok(made.outcome === 'done')
    const { email, level, state } = made.account
    assert.deepEqual([email, level, state], [account.email.toLowerCase(), 1, 'active'])
    const again = { ...account, level: 0, state: 'active' }
    await assert.rejects(serviceAccounts.create({ ...again, email: 'x@y' }), /uid/)
    await assert.rejects(serviceAccounts.create({ ...again, uid: unique('SI') }), /email/)
    await assert.rejects(serviceAccounts.create({ ...again, uid: owner, email: 'z@y' }), /uid/)
    const nobody = await serviceAccounts.create({ ...again, ownerUid: 'nobody' })
    assert.equal(nobody.outcome, 'unknown')
    const page = { ordering: 'asc', page: 1, limit: 10 } as const
    const listed = await serviceAccounts.list({ ...page, ownerUid: owner })
    assert.deepEqual([listed.total, listed.accounts[0]?.uid], [1, uid])
    assert.equal((await serviceAccounts.list({ ...page, uid, role: 'other' })).total, 0)
  })
}

function ofSecondFactors(world: () => World): void {
  const load = reader(world)
  const stores = () => world().identity
  const secret = new Uint8Array([7, 7, 7])

  test('a step is used once, by one of many at once, and never an older one', async () => {
    const { secondFactors } = stores()
    const uid = await createMember(stores())
    assert.equal(await secondFactors.find(uid), undefined)
    assert.equal(await secondFactors.enrol(uid, new Uint8Array([1])), true)
    assert.equal(await secondFactors.enrol(uid, secret), true)
    const claim = { uid, secret, step: 100 }
    assert.equal(await secondFactors.use(claim), false, 'not enabled yet')
    const stale = { ...claim, secret: new Uint8Array([1]) }
    assert.equal(await secondFactors.enable(stale, undefined), false)
    assert.equal((await stores().users.findByUid(uid))?.otp, false)
    const enabling = await Promise.all([1, 2, 3].map(() => secondFactors.enable(claim, undefined)))
    assert.deepEqual(enabling.toSorted(), [false, false, true])
    assert.deepEqual(await secondFactors.find(uid), { secret, isEnabled: true })
    assert.equal(await secondFactors.enrol(uid, secret), false)
    assert.equal(await secondFactors.use(claim), false, 'enabling used it')
    const next = { ...claim, step: 101 }
    const using = await Promise.all([1, 2, 3, 4].map(() => secondFactors.use(next)))
    assert.equal(using.filter(Boolean).length, 1)
    assert.equal(await secondFactors.use({ ...claim, step: 99 }), false)
  })

  test('enabling ends other sessions and labels; disabling ends keys', async () => {
    const { secondFactors, users, sessions } = stores()
    const uid = await createMember(stores())
    const [mine, other] = [await signIn(stores(), uid), await signIn(stores(), uid)]
    await secondFactors.enrol(uid, secret)
    assert.equal(await secondFactors.enable({ uid, secret, step: 5 }, mine.hash), true)
    assert.equal((await world().authorizer.facts.load(other.hash)).found, undefined)
    const kept = (await world().authorizer.facts.load(mine.hash)).found
    assert.equal(kept?.principal.otp, true)
    assert.equal((await sessions.list(uid)).length, 1)
    const labels = await users.labels(uid)
    assert.deepEqual(
      labels.map(({ key, value, scope }) => [key, value, scope]),
      [['otp', 'enabled', 'private']],
    )
    const kid = await createKey(stores(), uid)
    assert.equal(await secondFactors.disable({ uid, secret, step: 5 }), false)
    assert.equal((await load(kid))?.key.state, 'active')
    assert.equal(await secondFactors.disable({ uid, secret, step: 6 }), true)
    const found = await load(kid)
    assert.deepEqual([found?.key.state, found?.principal.otp], ['inactive', false])
    assert.equal(await secondFactors.find(uid), undefined)
    assert.deepEqual(await users.labels(uid), [])
  })
}
