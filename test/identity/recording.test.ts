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
