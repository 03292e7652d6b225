import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { createIdentityServer } from '../../src/identity/server.ts'
import { ORIGIN, openWorld, PASSWORD, type Running, type World } from './world.ts'

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

test('an unknown route is answered in Barong’s words', async () => {
  for (const path of ['/nowhere', '/identity', '/identity/sessions/', '/identity/users/access']) {
    const { status, body } = await api.send('GET', path)
    assert.deepEqual([status, body], [404, { error: 'Route is not found' }])
  }
  assert.equal((await api.send('GET', '/identity/sessions')).status, 404)
})

const UNREADABLE = [
  {
    name: 'half a JSON text',
    type: 'application/json',
    payload: '{"email":',
    status: 400,
    code: 'server.invalid_request',
  },
  {
    name: 'a prototype in JSON',
    type: 'application/json',
    payload: '{"__proto__":{"a":1}}',
    status: 400,
    code: 'server.invalid_request',
  },
  {
    name: 'a body of 65 KiB',
    type: 'application/json',
    payload: `{"email":"${'x'.repeat(65 * 1024)}"}`,
    status: 413,
    code: 'server.body_too_large',
  },
  {
    name: 'a type that is not taken',
    type: 'text/xml',
    payload: '<a/>',
    status: 415,
    code: 'server.unsupported_media_type',
  },
]
for (const { name, type, payload, status, code } of UNREADABLE) {
  test(`${name} is the caller’s fault, without detail`, async () => {
    const reply = await api.app.inject({
      method: 'POST',
      url: '/api/v2/identity/sessions',
      headers: { 'content-type': type },
      payload,
    })
    assert.deepEqual([reply.statusCode, reply.json()], [status, { errors: [code] }])
  })
}

test('a bug is a 500 without detail, in the reply as in the log', async () => {
  const users = {
    ...world.stores.users,
    findByEmail: async () => {
      throw new Error('password is hunter2-canary')
    },
  }
  const broken = await world.start({}, { stores: { ...world.stores, users } })
  const params = { email: 'a@example.com', password: 'x' }
  const { status, body } = await broken.send('POST', '/identity/sessions', params)
  assert.deepEqual([status, body], [500, { errors: ['server.internal_error'] }])
  assert.match(world.lines.join(), /"event":"bug"/)
  assert.doesNotMatch(world.lines.join(), /hunter2-canary/)
  await broken.close()
})

test('a listed origin may read with credentials, no other', async () => {
  const ask = async (origin: string) =>
    (await api.send('GET', '/identity/ping', undefined, { origin })).headers
  const listed = await ask('http://admin.example.com')
  assert.equal(listed['access-control-allow-origin'], 'http://admin.example.com')
  assert.equal(listed['access-control-allow-credentials'], 'true')
  for (const origin of ['null', 'http://admin.example.com.evil.com', 'https://admin.example.com']) {
    const headers = await ask(origin)
    assert.equal(headers['access-control-allow-origin'], undefined, origin)
    assert.equal(headers['access-control-allow-credentials'], undefined, origin)
  }
})

test('a pre-flight of a listed origin is answered', async () => {
  const reply = await api.app.inject({
    method: 'OPTIONS',
    url: '/api/v2/identity/sessions',
    headers: { origin: 'http://admin.example.com', 'access-control-request-method': 'POST' },
  })
  assert.equal(reply.statusCode, 204)
  assert.equal(reply.headers['access-control-allow-origin'], 'http://admin.example.com')
})

test('every reply forbids storing, framing and sniffing', async () => {
  for (const path of ['/identity/ping', '/nowhere', '/resource/users/me']) {
    const { headers } = await api.send('GET', path)
    assert.equal(headers['cache-control'], 'no-store', path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, path)
  }
})

test('too many logins at once are told to come back', async () => {
  // Dear enough that the first is still at it when the last one comes: for an address that nobody
  // has, the cost is that of the settings.
  const dear = { memoryKib: 64 * 1024, passes: 8, concurrentMax: 1, waitingMax: 1 }
  const passwordCost = { ...api.parts.settings.passwordCost, ...dear }
  const narrow = await world.start({ passwordCost })
  const params = { email: 'nobody@example.com', password: PASSWORD }
  const replies = await Promise.all(
    Array.from({ length: 5 }, () => narrow.send('POST', '/identity/sessions', params)),
  )
  const busy = replies.filter(({ status }) => status === 503)
  assert.ok(busy.length >= 1 && replies.some(({ status }) => status === 401))
  assert.deepEqual(busy[0]?.errors, ['server.unavailable'])
  assert.match(String(busy[0]?.headers['retry-after']), /^[0-9]+$/)
  await narrow.close()
})

test('no secret is in the log after all of this', async () => {
  const user = await world.addUser()
  const { id, csrfToken } = await api.logIn(user)
  const token = await world.token(user.uid)
  await api.send('GET', '/resource/users/me', undefined, { authorization: `Bearer ${token}` })
  const log = world.lines.join()
  for (const secret of [id, csrfToken, token, PASSWORD]) assert.ok(!log.includes(secret))
})

test('over a real socket: signing in, out, and half a request', async () => {
  const user = await world.addUser()
  const app = await createIdentityServer(world.deps())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/api/v2/barong/identity/sessions`
  const body = new URLSearchParams({ email: user.email, password: PASSWORD })
  const login = await fetch(url, { method: 'POST', body, headers: { origin: ORIGIN } })
  assert.equal(login.status, 200)
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.equal((await fetch(url, { method: 'DELETE', headers: { cookie } })).status, 200)
  assert.equal((await fetch(url, { method: 'DELETE', headers: { cookie } })).status, 404)
  const raw = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.end('POST /api/v2/identity/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: z\r\n\r\n')
    })
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
  assert.match(raw, /^HTTP\/1\.1 400 /)
  await app.close()
})
