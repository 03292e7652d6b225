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

test('a body’s parameter is not taken from the query', async () => {
  const { email } = await world.addUser()
  const path = `/identity/sessions?email=${email}&password=${encodeURIComponent(PASSWORD)}`
  const { status, errors } = await api.send('POST', path, {})
  assert.equal(status, 422)
  assert.deepEqual(errors, ['identity.session.missing_email', 'identity.session.missing_password'])
})
test('a path’s parameter cannot be contradicted by the query', async () => {
  const admin = await world.addUser({ role: 'admin' })
  const { status, errors } = await api.sendAs(admin, 'GET', `/admin/users/${admin.uid}?uid=other`)
  assert.deepEqual([status, errors], [422, ['admin.user.invalid_uid']])
})
test('a DELETE takes its parameter from the query or the body, not from both', async () => {
  const root = await world.addUser({ role: 'superadmin' })
  const remove = (query: string, body: object) =>
    api.sendAs(root, 'DELETE', `/admin/permissions${query}`, body)
  assert.equal((await remove('?id=2000000000', {})).status, 404)
  assert.equal((await remove('', { id: 2_000_000_000 })).status, 404)
  const both = await remove('?id=1', { id: 2_000_000_000 })
  assert.deepEqual(both.errors, ['admin.permission.invalid_id'])
})
test('without a trusted proxy X-Forwarded-For is nobody’s word', async () => {
  const strict = await world.start({ trustProxy: false })
  const { hash } = await strict.logIn(await world.addUser(), { 'x-forwarded-for': '203.0.113.9' })
  const found = await world.stores.sessions.find(hash)
  assert.equal(found?.session.address.text, '127.0.0.1')
  await strict.close()
})
test('a forwarded address that is none is refused, not guessed', async () => {
  const { status, errors } = await api.send('GET', '/identity/ping', undefined, {
    'x-forwarded-for': 'unknown',
  })
  assert.deepEqual([status, errors], [400, ['server.unknown_address']])
})
test('the caller’s role is judged before its parameters', async () => {
  const member = await world.addUser()
  const { errors } = await api.sendAs(member, 'GET', '/admin/users?limit=x')
  assert.deepEqual(errors, ['admin.ability.not_permitted'])
})
