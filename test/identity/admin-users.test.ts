import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { User } from '../../src/store/users.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
let root: User
let admin: User
before(async () => {
  world = await openWorld()
  api = await world.start()
  root = await world.addUser({ role: 'superadmin' })
  admin = await world.addUser({ role: 'admin' })
})
after(async () => {
  await api?.close()
  await world?.close()
})

const update = (by: User, params: object) => api.sendAs(by, 'POST', '/admin/users/update', params)
const setRole = (by: User, params: object) => api.sendAs(by, 'POST', '/admin/users/role', params)
const now = async (user: User) => {
  const found = await world.stores.users.findByUid(user.uid)
  return { role: found?.role, state: found?.state, otp: found?.otp }
}

test('users are listed in pages, with Barong’s headers', async () => {
  const made = [await world.addUser(), await world.addUser(), await world.addUser()]
  const path = '/admin/users?role=member&limit=2&page=1&order_by=created_at&ordering=desc'
  const { status, headers, body } = await api.sendAs(admin, 'GET', path)
  assert.equal(status, 200)
  assert.deepEqual([headers.page, headers['per-page']], ['1', '2'])
  assert.ok(Number(headers.total) >= made.length)
  assert.equal((body as object[]).length, 2)
  assert.doesNotMatch(JSON.stringify(body), /argon2|digest/)
})

test('users are filtered by every field that Barong names', async () => {
  const user = await world.addUser({ state: 'locked' })
  const find = async (query: string) => {
    const { body } = await api.sendAs(admin, 'GET', `/admin/users?${query}`)
    return (body as { uid: string }[]).map(({ uid }) => uid)
  }
  assert.deepEqual(await find(`uid=${user.uid}`), [user.uid])
  assert.deepEqual(await find(`email=${user.email}`), [user.uid])
  assert.ok((await find('state=locked')).includes(user.uid))
  assert.ok(!(await find('state=active')).includes(user.uid))
  assert.deepEqual(await find(`uid=${user.uid}&level=7`), [])
  assert.deepEqual(await find(`uid=${user.uid}&from=253402300000`), [])
})

for (const query of ['limit=101', 'limit=0', 'page=0', 'order_by=password_digest', 'ordering=up']) {
  test(`a list is refused with ${query}`, async () => {
    const { status, errors } = await api.sendAs(admin, 'GET', `/admin/users?${query}`)
    assert.deepEqual([status, errors], [422, [`admin.user.invalid_${query.split('=')[0]}`]])
  })
}

test('one user is shown with labels; an unknown one is not there', async () => {
  const user = await world.addUser()
  const { body } = await api.sendAs(admin, 'GET', `/admin/users/${user.uid}`)
  assert.equal((body as { uid: string }).uid, user.uid)
  const unknown = await api.sendAs(admin, 'GET', '/admin/users/ID0000000009')
  assert.deepEqual([unknown.status, unknown.errors], [404, ['admin.user.doesnt_exist']])
})

test('a ban ends every session and is seen by the very next call', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  assert.equal((await update(admin, { uid: user.uid, state: 'banned' })).status, 200)
  assert.equal(await world.stores.sessions.find(hash), undefined)
  const { status, errors } = await api.sendAs(user, 'GET', '/resource/users/me')
  assert.deepEqual([status, errors], [401, ['authz.user_not_active']])
})

test('a new role ends every session', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  assert.equal((await setRole(root, { uid: user.uid, role: 'admin' })).status, 200)
  assert.equal((await now(user)).role, 'admin')
  assert.equal(await world.stores.sessions.find(hash), undefined)
})

test('a state that may pass leaves the sessions alone', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  assert.equal((await update(admin, { uid: user.uid, state: 'pending' })).status, 200)
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
})

test('a second factor can be taken away, not given', async () => {
  const user = await world.addUser({ otp: true })
  const given = await update(admin, { uid: user.uid, otp: true })
  assert.deepEqual([given.status, given.errors], [422, ['admin.user.enable_2fa']])
  assert.equal((await update(admin, { uid: user.uid, otp: false })).status, 200)
  assert.equal((await now(user)).otp, false)
})

const REFUSED = [
  { name: 'nothing to change', params: {}, code: 'admin.user.one_of_state_otp' },
  {
    name: 'two changes at once',
    params: { state: 'banned', otp: false },
    code: 'admin.user.one_of_state_otp',
  },
  { name: 'the state it has', params: { state: 'active' }, code: 'admin.user.state_no_change' },
  { name: 'a state that is none', params: { state: 'root' }, code: 'admin.user.invalid_state' },
  { name: 'no second factor to take', params: { otp: 'false' }, code: 'admin.user.otp_no_change' },
  { name: 'only a role', params: { role: 'admin' }, code: 'admin.user.one_of_state_otp' },
]
for (const { name, params, code } of REFUSED) {
  test(`an update is refused: ${name}`, async () => {
    const user = await world.addUser()
    const before = await now(user)
    const { status, errors } = await update(admin, { uid: user.uid, ...params })
    assert.deepEqual([status, errors], [422, [code]])
    assert.deepEqual(await now(user), before)
  })
}

test('an admin does not touch a superadmin', async () => {
  const { hash } = await api.logIn(root)
  const code = ['admin.user.superadmin_change']
  assert.deepEqual((await update(admin, { uid: root.uid, state: 'banned' })).errors, code)
  assert.deepEqual(
    (await api.sendAs(admin, 'DELETE', `/admin/users/${root.uid}/sessions`)).errors,
    code,
  )
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
})

test('nobody changes one’s own state or role', async () => {
  const himself = ['admin.user.update_himself']
  assert.deepEqual((await update(root, { uid: root.uid, state: 'pending' })).errors, himself)
  assert.deepEqual((await setRole(root, { uid: root.uid, role: 'member' })).errors, himself)
  assert.deepEqual((await update(admin, { uid: admin.uid, state: 'banned' })).errors, himself)
})

test('only a superadmin gives roles, and only roles that exist', async () => {
  const user = await world.addUser()
  const params = { uid: user.uid, role: 'admin' }
  assert.deepEqual((await setRole(admin, params)).errors, ['admin.ability.not_permitted'])
  assert.deepEqual((await setRole(root, { ...params, role: 'wizard' })).errors, [
    'role.doesnt_exist',
  ])
  assert.equal((await now(user)).role, 'member')
})

test('two superadmins who demote each other at once leave one', async () => {
  const [one, two] = [
    await world.addUser({ role: 'superadmin' }),
    await world.addUser({ role: 'superadmin' }),
  ]
  await Promise.all([
    setRole(one, { uid: two.uid, role: 'member' }),
    setRole(two, { uid: one.uid, role: 'member' }),
  ])
  const roles = [(await now(one)).role, (await now(two)).role].sort()
  assert.deepEqual(roles, ['member', 'superadmin'])
})

test('every session of a user can be ended', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  const { body } = await api.sendAs(admin, 'DELETE', `/admin/users/${user.uid}/sessions`)
  assert.deepEqual(body, { ended: 1 })
  assert.equal(await world.stores.sessions.find(hash), undefined)
})
