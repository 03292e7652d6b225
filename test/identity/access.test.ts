import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, type Running, type World } from './world.ts'

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

async function issue(range = 'day'): Promise<string> {
  const admin = await world.addUser({ role: 'admin' })
  const { body } = await api.sendAs(admin, 'POST', '/admin/restrictions/whitelink', { range })
  return (body as { whitelink_token: string }).whitelink_token
}
const use = (token: unknown, ip: string) =>
  api.send(
    'POST',
    '/identity/users/access',
    token === undefined ? {} : { whitelink_token: token },
    {
      'x-forwarded-for': ip,
    },
  )

test('a whitelink lets in the address of its caller, once for each', async () => {
  const token = await issue()
  assert.equal((await use(token, '192.0.2.1')).status, 201)
  assert.deepEqual((await use(token, '192.0.2.1')).errors, ['value.taken'])
  assert.equal((await use(token, '2001:db8::9')).status, 201)
  const rows = await world.stores.restrictions.loadRestrictions()
  assert.deepEqual(
    rows.map(({ category, scope, value }) => [category, scope, value]),
    [
      ['whitelist', 'ip', '192.0.2.1'],
      ['whitelist', 'ip', '2001:db8::9'],
    ],
  )
})

test('a missing, unknown or expired token lets nobody in', async () => {
  const missing = await use(undefined, '192.0.2.2')
  assert.deepEqual(missing.errors, ['identity.user.access.missing_whitelink_token'])
  const invalid = ['identity.user.access.invalid_token']
  for (const token of ['nonsense', 'A'.repeat(43)]) {
    const { status, errors } = await use(token, '192.0.2.2')
    assert.deepEqual([status, errors], [422, invalid])
  }
  const token = await issue('hour')
  world.nowMs += 3_600_001
  assert.deepEqual((await use(token, '192.0.2.2')).errors, invalid)
})
