import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { openWorld, PASSWORD, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world?.close())

test('what cannot be written down is said, and the deed stands', async () => {
  const activities = {
    ...world.stores.activities,
    record: () => Promise.reject(new Fault('store_unavailable', { about: 'Postgres' })),
  }
  const api = await world.start({}, { stores: { ...world.stores, activities } })
  try {
    const user = await world.addUser()
    await api.logIn(user)
    assert.ok(world.lines.some((line) => line.includes('an activity could not be stored')))
    assert.ok(world.lines.every((line) => !line.includes(PASSWORD)))
  } finally {
    await api.close()
  }
})

test('who must wait leaves no more rows, and neither does a logout of nothing', async () => {
  const api = await world.start({
    limits: { ...world.deps().settings.limits, loginsPerAccountMax: 2 },
  })
  try {
    const user = await world.addUser()
    const params = { email: user.email, password: 'wrong horse battery' }
    const statuses: number[] = []
    for (let count = 0; count < 4; count++) {
      statuses.push((await api.send('POST', '/identity/sessions', params)).status)
    }
    await api.send('DELETE', '/identity/sessions')
    const query = { page: 1, limit: 10, category: 'user', uid: user.uid } as const
    assert.deepEqual(statuses, [401, 401, 429, 429])
    assert.equal((await world.stores.activities.find(query)).total, 2)
    const nobody = await world.stores.activities.find({ ...query, uid: '', action: 'logout' })
    assert.equal(nobody.total, 0)
  } finally {
    await api.close()
  }
})

test('what administrators do is written down by its own words, good or not', async () => {
  const api = await world.start()
  try {
    const admin = await world.addUser({ role: 'superadmin' })
    const user = await world.addUser()
    const permission = { role: 'member', verb: 'get', path: '/recorded', action: 'accept' }
    const added = await api.sendAs(admin, 'POST', '/admin/permissions', permission)
    const { id } = added.body as { id: number }
    await api.sendAs(admin, 'DELETE', `/admin/permissions?id=${id}`)
    await api.sendAs(admin, 'DELETE', `/admin/permissions?id=${id}`)
    const restriction = { scope: 'ip', value: '192.0.2.99', category: 'blacklist' }
    await api.sendAs(admin, 'POST', '/admin/restrictions', restriction)
    await api.sendAs(admin, 'POST', '/admin/users/role', { uid: user.uid, role: 'admin' })
    await api.sendAs(admin, 'POST', '/admin/users/update', { uid: user.uid, state: 'banned' })
    const query = { page: 1, limit: 20, category: 'admin', uid: admin.uid } as const
    const { rows } = await world.stores.activities.find(query)
    assert.deepEqual(
      rows.map(({ topic, action, result, reason, targetUid }) =>
        [topic, action, result, reason, targetUid].join(' ').trimEnd(),
      ),
      [
        `users update user succeed  ${user.uid}`,
        `users update role succeed  ${user.uid}`,
        'restrictions create restriction succeed',
        'permissions delete permission failed admin.permission.doesnt_exist',
        'permissions delete permission succeed',
        'permissions create permission succeed',
      ],
    )
    assert.ok(rows.every(({ decisionId }) => decisionId === ''))
  } finally {
    await api.close()
  }
})
