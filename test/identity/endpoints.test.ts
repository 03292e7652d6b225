import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import type { Endpoint } from '../../src/identity/endpoint.ts'
import { createEndpoints } from '../../src/identity/endpoints.ts'
import type { User } from '../../src/store/users.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
let endpoints: readonly Endpoint[]
const callers = new Map<string, User>()
const ROLES = ['member', 'accountant', 'support', 'admin', 'superadmin']
before(async () => {
  world = await openWorld()
  api = await world.start()
  endpoints = createEndpoints(api.parts)
  for (const role of ROLES) callers.set(role, await world.addUser({ role }))
})
after(async () => {
  await api?.close()
  await world?.close()
})

const pathOf = ({ door, path }: Endpoint) =>
  `/${door}${path.replace(':uid', 'ID0000000009').replace(':id', 'Z'.repeat(43))}`

const MAY: Record<Exclude<Endpoint['access'], 'anyone'>, readonly string[]> = {
  user: ROLES,
  admin: ['admin', 'superadmin'],
  superadmin: ['superadmin'],
}

test('every role at every guarded endpoint, at both addresses, hears its access', async () => {
  let cellsCount = 0
  for (const endpoint of endpoints) {
    const { access, method } = endpoint
    if (access === 'anyone') continue
    for (const [role, user] of callers) {
      for (const mount of ['', '/barong']) {
        const path = mount + pathOf(endpoint)
        const { errors } = await api.sendAs(user, method, path, method === 'GET' ? undefined : {})
        const isRefused = errors?.includes('admin.ability.not_permitted') ?? false
        assert.equal(isRefused, !MAY[access].includes(role), `${role} ${method} ${path}`)
        cellsCount++
      }
    }
  }
  assert.ok(cellsCount >= 17 * ROLES.length * 2, String(cellsCount))
})

test('what is reserved for administrators is reserved in the table', () => {
  for (const { door, access, path } of endpoints) {
    const expected = { identity: ['anyone'], resource: ['user'], admin: ['admin', 'superadmin'] }
    assert.ok(expected[door].includes(access), `${door}${path}`)
  }
})

test('no guarded endpoint answers without a token, or with a forged one', async () => {
  for (const endpoint of endpoints.filter(({ access }) => access !== 'anyone')) {
    for (const headers of [{}, { authorization: 'Bearer a.b.c' }]) {
      const { status, errors } = await api.send(
        endpoint.method,
        pathOf(endpoint),
        undefined,
        headers,
      )
      assert.deepEqual([status, errors], [401, ['jwt.decode_and_verify']], pathOf(endpoint))
    }
  }
})

test('docs/identity-api.md lists exactly the endpoints there are', async () => {
  const text = await readFile(join(projectRoot, 'docs/identity-api.md'), 'utf8')
  const documented = [...text.matchAll(/^\| (GET|POST|PUT|PATCH|DELETE) \| `(\/[^`]+)` \|/gm)]
  const listed = documented.map(([, method, path]) => `${method} ${path}`).sort()
  const built = endpoints.map(({ method, door, path }) => `${method} /${door}${path}`).sort()
  assert.deepEqual(listed, built)
})

test('docs/identity-api.md names every refusal there is', async () => {
  const text = await readFile(join(projectRoot, 'docs/identity-api.md'), 'utf8')
  for (const { refusals } of endpoints) {
    for (const refusal of refusals) {
      const code = refusal.split(' ')[1] as string
      assert.ok(text.includes(`\`${code}\``), code)
    }
  }
})
