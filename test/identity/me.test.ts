import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, PASSWORD, type Running, type World } from './world.ts'

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

const NEW = 'marble lantern oxide seven'

test('me is the user of the token, as the store has it, with labels', async () => {
  const user = await world.addUser()
  const label = { key: 'email', value: 'verified', scope: 'private' } as const
  await world.stores.users.putLabel(user.uid, label)
  const { status, body } = await api.sendAs(user, 'GET', '/resource/users/me')
  const view = body as { uid: string; email: string; labels: { key: string }[] }
  assert.deepEqual([status, view.uid, view.email], [200, user.uid, user.email])
  assert.deepEqual(
    view.labels.map(({ key }) => key),
    ['email'],
  )
  const labels = await api.sendAs(user, 'GET', '/resource/labels')
  assert.deepEqual(labels.body, view.labels)
})

test('one may change one’s data and nothing else', async () => {
  const user = await world.addUser()
  const params = { data: '{"lang":"en"}', role: 'superadmin', state: 'active', level: 9, otp: true }
  const { status } = await api.sendAs(user, 'PUT', '/resource/users/me', params)
  const after = await world.stores.users.findByUid(user.uid)
  assert.equal(status, 200)
  assert.deepEqual(
    [after?.data, after?.role, after?.level, after?.otp],
    ['{"lang":"en"}', 'member', 1, false],
  )
  const bad = await api.sendAs(user, 'PUT', '/resource/users/me', { data: 'nope' })
  assert.deepEqual([bad.status, bad.errors], [422, ['data.invalid_format']])
})

test('a changed password ends every other session and keeps this one', async () => {
  const user = await world.addUser()
  const [other, current] = [await api.logIn(user), await api.logIn(user)]
  const params = { old_password: PASSWORD, new_password: NEW, confirm_password: NEW }
  const { status } = await api.sendAs(user, 'PUT', '/resource/users/password', params, current.hash)
  assert.equal(status, 201)
  assert.equal(await world.stores.sessions.find(other.hash), undefined)
  assert.notEqual(await world.stores.sessions.find(current.hash), undefined)
  const login = { email: user.email, password: NEW }
  assert.equal((await api.send('POST', '/identity/sessions', login)).status, 200)
})

const CASES = [
  {
    name: 'that differ',
    old: PASSWORD,
    fresh: NEW,
    confirm: 'x',
    status: 422,
    code: 'resource.password.doesnt_match',
  },
  {
    name: 'after a wrong old one',
    old: 'wrong',
    fresh: NEW,
    confirm: NEW,
    status: 400,
    code: 'resource.password.prev_pass_not_correct',
  },
  {
    name: 'that is the old one',
    old: PASSWORD,
    fresh: PASSWORD,
    confirm: PASSWORD,
    status: 400,
    code: 'resource.password.no_change_provided',
  },
  {
    name: 'too weak',
    old: PASSWORD,
    fresh: 'password1',
    confirm: 'password1',
    status: 422,
    code: 'password.weak',
  },
]
for (const { name, old, fresh, confirm, status, code } of CASES) {
  test(`no new password ${name}`, async () => {
    const user = await world.addUser()
    const { hash } = await api.logIn(user)
    const params = { old_password: old, new_password: fresh, confirm_password: confirm }
    const reply = await api.sendAs(user, 'PUT', '/resource/users/password', params)
    assert.deepEqual([reply.status, reply.errors], [status, [code]])
    assert.notEqual(await world.stores.sessions.find(hash), undefined)
  })
}

test('guessing the old password is limited as a login is', async () => {
  const user = await world.addUser()
  const params = { old_password: 'guess', new_password: NEW, confirm_password: NEW }
  const statuses: number[] = []
  for (let count = 0; count < 6; count++) {
    statuses.push((await api.sendAs(user, 'PUT', '/resource/users/password', params)).status)
  }
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429])
})
