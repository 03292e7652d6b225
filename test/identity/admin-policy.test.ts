import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { User } from '../../src/store/users.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
let root: User
before(async () => {
  world = await openWorld()
  api = await world.start()
  root = await world.addUser({ role: 'superadmin' })
})
after(async () => {
  await api?.close()
  await world?.close()
})

const ROW = { role: 'member', verb: 'get', path: 'api/v2/x', action: 'accept' }
const add = (params: object) => api.sendAs(root, 'POST', '/admin/permissions', params)
const edit = (params: object) => api.sendAs(root, 'PUT', '/admin/permissions', params)
const remove = (id: unknown) => api.sendAs(root, 'DELETE', `/admin/permissions?id=${id}`)
const rowWith = async (id: number) =>
  (await world.stores.policies.loadPermissions()).rows.find((row) => row.id === id)

test('a row is added in upper case, changed, listed and removed', async () => {
  const before = await world.stores.policies.loadPermissions()
  const added = await add(ROW)
  const { id, ...row } = added.body as { id: number }
  assert.equal(added.status, 201)
  assert.deepEqual(row, {
    role: 'member',
    verb: 'GET',
    path: 'api/v2/x',
    action: 'ACCEPT',
    topic: null,
  })
  assert.ok((await world.stores.policies.loadPermissions()).version > before.version)
  assert.equal((await edit({ id, verb: 'all', action: 'DROP', topic: 'x' })).status, 200)
  const changed = await rowWith(id)
  assert.deepEqual(
    [changed?.verb, changed?.action, changed?.topic, changed?.path],
    ['ALL', 'DROP', 'x', 'api/v2/x'],
  )
  const { body, headers } = await api.sendAs(
    root,
    'GET',
    '/admin/permissions?role=member&limit=100',
  )
  assert.ok((body as { id: number }[]).some((one) => one.id === id))
  assert.equal(headers['per-page'], '100')
  assert.equal((await remove(id)).status, 200)
  assert.equal(await rowWith(id), undefined)
})

const REFUSED = [
  {
    name: 'a verb that is none',
    params: { verb: 'options' },
    codes: ['admin.permissions.invalid_verb'],
  },
  {
    name: 'an action that is none',
    params: { action: 'all' },
    codes: ['admin.permissions.invalid_action'],
  },
  {
    name: 'an unknown role',
    params: { role: 'wizard' },
    codes: ['admin.permission.role_doesnt_exist'],
  },
  { name: 'an empty action', params: { action: '' }, codes: ['admin.permission.empty_action'] },
  {
    name: 'a path with a space',
    params: { path: 'a b' },
    codes: ['admin.permission.invalid_path'],
  },
  {
    name: 'a path that no request can have',
    params: { path: '/a/../b' },
    codes: ['admin.permission.invalid_path'],
  },
  {
    name: 'a star beside other characters',
    params: { path: '/orders*' },
    codes: ['admin.permission.invalid_wildcard'],
  },
  {
    name: 'a verb of no request',
    params: { verb: 'G T' },
    codes: ['admin.permissions.invalid_verb'],
  },
  { name: 'no path', params: { path: undefined }, codes: ['admin.permission.missing_path'] },
]
for (const { name, params, codes } of REFUSED) {
  test(`a row is refused with ${name}`, async () => {
    const { status, errors } = await add({ ...ROW, ...params })
    assert.deepEqual([status, errors], [422, codes])
  })
}

test('a row may hold wildcard segments, and any verb in upper case', async () => {
  for (const verb of ['OPTIONS', 'TRACE', 'PROPFIND', 'post', 'all']) {
    const { status, body } = await add({ ...ROW, verb, path: '/orders/*/cancel' })
    assert.equal(status, 201, verb)
    const { id, path } = body as { id: number; path: string }
    assert.equal(path, '/orders/*/cancel')
    assert.equal((await edit({ id, path: '/x*' })).errors?.[0], 'admin.permission.invalid_wildcard')
    await remove(id)
  }
})

test('a change is held to the same rules as a new row', async () => {
  const { id } = (await add(ROW)).body as { id: number }
  assert.deepEqual((await edit({ id, action: 'all' })).errors, ['admin.permissions.invalid_action'])
  assert.deepEqual((await edit({ id, role: 'wizard' })).errors, [
    'admin.permission.role_doesnt_exist',
  ])
})

test('a row that does not exist is neither changed nor removed', async () => {
  const id = 2_000_000_000
  for (const { status, errors } of [await edit({ id, verb: 'GET' }), await remove(id)]) {
    assert.deepEqual([status, errors], [404, ['admin.permission.doesnt_exist']])
  }
  assert.deepEqual((await remove('1;drop table')).errors, ['admin.permission.invalid_id'])
})

test('the routes in force are shown as they are', async () => {
  const { body } = await api.sendAs(root, 'GET', '/admin/routes')
  assert.deepEqual(body, { public: ['/api/v2/barong/identity'] })
})
