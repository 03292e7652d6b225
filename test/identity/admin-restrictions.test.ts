import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { User } from '../../src/store/users.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
let admin: User
before(async () => {
  world = await openWorld()
  api = await world.start()
  admin = await world.addUser({ role: 'admin' })
})
after(async () => {
  await api?.close()
  await world?.close()
})

const PATH = '/admin/restrictions'
const ROW = { scope: 'ip', value: '127.0.0.0', category: 'blacklist' }
const add = (params: object) => api.sendAs(admin, 'POST', PATH, params)
const edit = (params: object) => api.sendAs(admin, 'PUT', PATH, params)
const remove = (id: unknown) => api.sendAs(admin, 'DELETE', `${PATH}?id=${id}`)
const list = (query = '') => api.sendAs(admin, 'GET', `${PATH}?${query}`)
const idOf = (answer: { body: unknown }) => (answer.body as { id: number }).id

test('a row is added with the status of its category and scope', async () => {
  for (const [params, code] of [
    [{}, 401],
    [{ scope: 'ip_subnet', value: '10.0.0.0/8' }, 403],
    [{ scope: 'ip_subnet', value: '2001:db8::/32' }, 403],
    [{ scope: 'country', value: 'Japan' }, 423],
    [{ scope: 'continent', value: 'EU' }, 423],
    [{ scope: 'all', value: 'all', category: 'maintenance' }, 471],
    [{ code: 522, value: '127.0.0.2' }, 522],
    [{ category: 'whitelist', code: 433 }, 401],
  ] as const) {
    const { status, body } = await add({ ...ROW, ...params })
    assert.equal(status, 201, JSON.stringify(body))
    const { id, created_at, updated_at, ...row } = body as Record<string, unknown>
    assert.deepEqual(row, { ...ROW, ...params, code, state: 'enabled' })
    assert.match(String(created_at), /^\d{4}-.*Z$/)
    assert.equal(created_at, updated_at)
    assert.equal((await remove(id)).status, 200)
  }
})

test('rows are listed by scope and category, in pages', async () => {
  const ids = []
  for (const category of ['blacklist', 'whitelist', 'maintenance']) {
    ids.push(idOf(await add({ ...ROW, category })))
  }
  assert.equal(((await list()).body as object[]).length, 3)
  assert.equal(((await list('category=whitelist')).body as object[]).length, 1)
  assert.equal(((await list('scope=all')).body as object[]).length, 0)
  const { body, headers } = await list('limit=1&page=2')
  assert.deepEqual(
    [(body as object[]).length, headers.total, headers['per-page'], headers.page],
    [1, '3', '1', '2'],
  )
  const later = Math.floor(Date.now() / 1000) + 3600
  assert.equal(((await list(`from=${later}`)).body as object[]).length, 0)
  assert.equal(((await list(`range=updated&to=${later}`)).body as object[]).length, 3)
  for (const id of ids) await remove(id)
})

const REFUSED = [
  [{ scope: 'planet', state: 'running' }, 'admin.restriction.invalid_scope'],
  [{ state: 'running' }, 'admin.restriction.invalid_state'],
  [{ category: 'allow' }, 'admin.restriction.invalid_category'],
  [{ value: '127.a.b.c' }, 'value.invalid'],
  [{ value: '10.0.0.0/8' }, 'value.invalid'],
  [{ scope: 'ip_subnet', value: '127.0.0.0' }, 'value.invalid'],
  [{ scope: 'ip_subnet', value: '127.0.0.0/one' }, 'value.invalid'],
  [{ scope: 'continent', value: 'planet' }, 'value.invalid'],
  [{ scope: 'country', value: 'USA' }, 'value.invalid'],
  [{ value: 'x'.repeat(65) }, 'value.invalid'],
  [{ code: 200 }, 'admin.restriction.invalid_code'],
  [{ value: undefined }, 'admin.restriction.missing_value'],
  [{ scope: '' }, 'admin.restriction.empty_scope'],
] as const
for (const [params, code] of REFUSED) {
  test(`a row is refused with ${code} for ${JSON.stringify(params)}`, async () => {
    const { status, errors } = await add({ ...ROW, ...params })
    assert.equal(status, 422)
    assert.ok(errors?.includes(code), errors?.join())
  })
}

test('a row is changed in part and held to the same rules', async () => {
  const id = idOf(await add(ROW))
  assert.equal((await add(ROW)).errors?.[0], 'value.taken')
  const changed = await edit({ id, state: 'disabled' })
  assert.equal((changed.body as { state: string }).state, 'disabled')
  assert.equal((await edit({ id, scope: 'ip_subnet', value: '10.0.0.0/8' })).status, 200)
  assert.deepEqual((await edit({ id, scope: 'ip' })).errors, ['value.invalid'])
  assert.deepEqual((await edit({ id, value: 'nonsense' })).errors, ['value.invalid'])
  assert.equal((await edit({ id, category: 'maintenance' })).status, 200)
  await remove(id)
})

test('a row that does not exist is neither changed nor removed', async () => {
  const id = 2_000_000_000
  for (const { status, errors } of [await edit({ id, code: 403 }), await remove(id)]) {
    assert.deepEqual([status, errors], [404, ['admin.restriction.doesnt_exist']])
  }
})

test('members may not', async () => {
  const member = await world.addUser()
  const { status, errors } = await api.sendAs(member, 'POST', PATH, ROW)
  assert.deepEqual([status, errors], [401, ['admin.ability.not_permitted']])
})

test('an enabled blocklogin ends every session', async () => {
  const member = await world.addUser()
  const { hash } = await api.logIn(member)
  const id = idOf(await add({ ...ROW, category: 'blocklogin', state: 'disabled' }))
  assert.ok((await world.stores.sessions.find(hash)) !== undefined)
  await edit({ id, state: 'enabled' })
  assert.equal(await world.stores.sessions.find(hash), undefined)
  await remove(id)
})

test('a whitelink lives a day, or what was asked for up to 30', async () => {
  const link = (params: object) => api.sendAs(admin, 'POST', `${PATH}/whitelink`, params)
  for (const params of [{}, { expire_time: 30 }, { expire_time: 1, range: 'hour' }]) {
    const { status, body } = await link(params)
    assert.equal(status, 201)
    const { whitelink_token } = body as { whitelink_token: string }
    assert.match(whitelink_token, /^[\w-]{43}$/)
    assert.ok(!world.lines.some((line) => line.includes(whitelink_token)), 'it is not logged')
  }
  for (const expire_time of [0, 31, 'x']) {
    assert.deepEqual((await link({ expire_time })).errors, ['admin.restriction.invalid_expire'])
  }
  assert.deepEqual((await link({ range: 'year' })).errors, ['admin.restriction.invalid_range'])
})
