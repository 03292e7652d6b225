import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Fault } from '../../src/core/fault.ts'
import { createAdministrator } from '../../src/identity/administrator.ts'
import { createPasswords } from '../../src/identity/password.ts'
import { openWorld, PASSWORD, SETTINGS, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world?.close())

const create = (email: string) =>
  createAdministrator({
    stores: world.stores,
    passwords: createPasswords(SETTINGS.passwordCost),
    randomBytes,
    email,
    password: PASSWORD,
  })

test('the administrator is an active superadmin who can sign in at once', async () => {
  const user = await create('Admin@localhost')
  assert.deepEqual(
    [user?.role, user?.state, user?.level, user?.email],
    ['superadmin', 'active', 1, 'admin@localhost'],
  )
  assert.ok(user)
  const api = await world.start()
  await api.logIn(user)
  assert.equal((await api.sendAs(user, 'GET', '/admin/users')).status, 200)
  await api.close()
})
test('a malformed address makes no administrator', async () => {
  assert.equal(await create('a@b@c'), undefined)
})
test('a taken address is a conflict', async () => {
  const { email } = await world.addUser()
  await assert.rejects(create(email), (problem: Fault) => problem.code === 'store_conflict')
  assert.equal((await world.stores.users.findByEmail(email))?.role, 'member')
})
