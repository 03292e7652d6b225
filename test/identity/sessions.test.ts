import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { LIMITS } from '../../src/identity/limits.ts'
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

const cookieOf = (id: string) => ({ cookie: `dvara_session=${id}` })

test('the right password opens a session, with Barong’s full user and a CSRF token', async () => {
  const user = await world.addUser()
  const params = { email: user.email.toUpperCase(), password: PASSWORD }
  const { status, body, cookie, headers } = await api.send('POST', '/identity/sessions', params)
  assert.equal(status, 200)
  const view = body as Record<string, unknown>
  assert.match(view.csrf_token as string, /^[0-9a-f]{20}$/)
  const fields = ['created_at', 'csrf_token', 'data', 'data_storages', 'email', 'labels', 'level']
  const others = ['otp', 'phones', 'profiles', 'referral_uid', 'role', 'state', 'uid']
  const all = [...fields, ...others, 'updated_at', 'username'].sort()
  assert.deepEqual(Object.keys(view).sort(), all)
  assert.match(cookie ?? '', /^[A-Za-z0-9_-]{68}$/)
  const line = String(headers['set-cookie'])
  assert.match(line, /; Max-Age=86400/)
  assert.match(line, /; Path=\//)
  assert.match(line, /; HttpOnly/)
  assert.match(line, /; SameSite=Lax/)
  assert.doesNotMatch(line, /Domain|Secure/)
  assert.equal(headers['cache-control'], 'no-store')
})

test('behind https the cookie is Secure', async () => {
  const user = await world.addUser()
  const cookieName = '__Host-dvara_session'
  const secure = await world.start({ publicOrigin: 'https://app.example.com', cookieName })
  const params = { email: user.email, password: PASSWORD }
  const { headers } = await secure.send('POST', '/identity/sessions', params)
  assert.match(String(headers['set-cookie']), /^__Host-dvara_session=[\w-]{68};.*; Secure/)
  assert.match(String(headers['strict-transport-security']), /max-age=31536000/)
  await secure.close()
})

test('what is stored of a session is its hash, its binding and its two ends', async () => {
  const user = await world.addUser()
  const { hash, id } = await api.logIn(user, {
    'user-agent': 'Firefox',
    'x-forwarded-for': '192.0.2.7',
  })
  const found = await world.stores.sessions.find(hash)
  assert.equal(found?.session.uid, user.uid)
  assert.equal(found?.session.userAgent, 'Firefox')
  assert.equal(found?.session.address.text, '192.0.2.7')
  assert.equal((found?.session.endsAtMs ?? 0) - (found?.session.createdAtMs ?? 0), 86_400_000)
  assert.equal((found?.idleAtMs ?? 0) - (found?.session.createdAtMs ?? 0), 1_800_000)
  assert.doesNotMatch(JSON.stringify(found), new RegExp(id))
})

const REFUSED = [
  {
    name: 'no parameters',
    params: {},
    status: 422,
    errors: ['identity.session.missing_email', 'identity.session.missing_password'],
  },
  {
    name: 'blank parameters',
    params: { email: ' ', password: '' },
    status: 422,
    errors: ['identity.session.empty_email', 'identity.session.empty_password'],
  },
  {
    name: 'an e-mail that is an object',
    params: { email: {}, password: 'x' },
    status: 422,
    errors: ['identity.session.invalid_email'],
  },
  {
    name: 'an unknown e-mail',
    params: { email: 'nobody@example.com', password: PASSWORD },
    status: 401,
    errors: ['identity.session.invalid_params'],
  },
  {
    name: 'a malformed e-mail',
    params: { email: 'no-at-sign', password: PASSWORD },
    status: 401,
    errors: ['identity.session.invalid_params'],
  },
]
for (const { name, params, status, errors } of REFUSED) {
  test(`no session for ${name}`, async () => {
    const reply = await api.send('POST', '/identity/sessions', params)
    assert.deepEqual([reply.status, reply.errors, reply.cookie], [status, errors, undefined])
  })
}

const STATES = [
  { state: 'banned', code: 'identity.session.banned' },
  { state: 'deleted', code: 'identity.session.deleted' },
  { state: 'locked', code: 'identity.session.not_active' },
]
for (const { state, code } of STATES) {
  test(`a ${state} user hears so only with the right password`, async () => {
    const { email } = await world.addUser({ state })
    const right = await api.send('POST', '/identity/sessions', { email, password: PASSWORD })
    assert.deepEqual([right.status, right.errors, right.cookie], [401, [code], undefined])
    const wrong = await api.send('POST', '/identity/sessions', { email, password: 'wrong horse' })
    assert.deepEqual([wrong.status, wrong.errors], [401, ['identity.session.invalid_params']])
  })
}

test('a pending user signs in: what it may do is for the rules and upstreams to say', async () => {
  const { email } = await world.addUser({ state: 'pending' })
  const reply = await api.send('POST', '/identity/sessions', { email, password: PASSWORD })
  assert.equal(reply.status, 200)
})

test('a wrong password and an unknown address are answered alike, to the byte', async () => {
  const { email } = await world.addUser()
  const shape = async (address: string, password: string) => {
    const reply = await api.send('POST', '/identity/sessions', { email: address, password })
    const headers = Object.fromEntries(
      Object.entries(reply.headers).filter(([name]) => name !== 'date'),
    )
    return { ...reply, headers }
  }
  const known = await shape(email, 'wrong horse')
  assert.deepEqual(await shape('nobody2@example.com', 'wrong horse'), known)
  assert.deepEqual(await shape(email, 'x'.repeat(2_000)), known)
})

test('an account that demands a second factor cannot sign in without one', async () => {
  const { email } = await world.addUser({ otp: true })
  const without = await api.send('POST', '/identity/sessions', { email, password: PASSWORD })
  assert.deepEqual([without.status, without.errors], [401, ['identity.session.missing_otp']])
  const params = { email, password: PASSWORD, otp_code: '000000' }
  const given = await api.send('POST', '/identity/sessions', params)
  assert.deepEqual([given.status, given.errors], [403, ['identity.session.invalid_otp']])
})

test('an id planted before the login is never used, and a live one is ended by it', async () => {
  const user = await world.addUser()
  const planted = api.parts.cookieRing.seal('A'.repeat(43))
  const first = await api.logIn(user, cookieOf(planted))
  assert.notEqual(first.id, planted)
  const second = await api.logIn(user, cookieOf(first.id))
  assert.notEqual(second.id, first.id)
  assert.notEqual(second.csrfToken, first.csrfToken)
  assert.equal(await world.stores.sessions.find(first.hash), undefined)
  assert.notEqual(await world.stores.sessions.find(second.hash), undefined)
})

test('a failed login leaves the presented session alone', async () => {
  const user = await world.addUser()
  const { id, hash } = await api.logIn(user)
  const params = { email: user.email, password: 'wrong horse' }
  await api.send('POST', '/identity/sessions', params, cookieOf(id))
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
})

test('a login beyond the cap ends the oldest session', async () => {
  const user = await world.addUser()
  const opened: string[] = []
  for (let count = 0; count < 5; count++) {
    world.nowMs += 1_000
    opened.push((await api.logIn(user)).hash)
  }
  const live = (await world.stores.sessions.list(user.uid)).map(({ session }) => session.hash)
  assert.deepEqual(live, opened.slice(-3).reverse())
})

test('a form signs in as JSON does', async () => {
  const { email } = await world.addUser()
  const reply = await api.app.inject({
    method: 'POST',
    url: '/api/v2/barong/identity/sessions',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ email, password: PASSWORD }).toString(),
  })
  assert.equal(reply.statusCode, 200)
})

test('a logout shows on how many authorizers it is in force', async () => {
  const user = await world.addUser()
  const { id } = await api.logIn(user)
  const { headers } = await api.send('DELETE', '/identity/sessions', {}, cookieOf(id))
  assert.match(String(headers['x-in-force']), /^seq=\d+, members=0\/0, ms=\d+, path=fast$/)
})

test('logging out ends the session and clears the cookie; again there is none', async () => {
  const { id, hash } = await api.logIn(await world.addUser())
  const out = await api.send('DELETE', '/identity/sessions', undefined, cookieOf(id))
  assert.deepEqual([out.status, out.cookie], [200, ''])
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/)
  assert.equal(await world.stores.sessions.find(hash), undefined)
  const again = await api.send('DELETE', '/identity/sessions', undefined, cookieOf(id))
  assert.deepEqual([again.status, again.errors], [404, ['identity.session.not_found']])
})

for (const headers of [{}, cookieOf('x'), cookieOf(''), cookieOf('B'.repeat(68))]) {
  test(`no session to log out of: ${JSON.stringify(headers)}`, async () => {
    const reply = await api.send('DELETE', '/identity/sessions', undefined, headers)
    assert.deepEqual([reply.status, reply.errors], [404, ['identity.session.not_found']])
  })
}

test('another site’s page can neither sign in nor out', async () => {
  const user = await world.addUser()
  const { id, hash } = await api.logIn(user)
  for (const foreign of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const params = { email: user.email, password: PASSWORD }
    const login = await api.send('POST', '/identity/sessions', params, foreign)
    assert.deepEqual([login.status, login.errors], [403, ['server.foreign_origin']])
    const headers = { ...cookieOf(id), ...foreign }
    assert.equal((await api.send('DELETE', '/identity/sessions', undefined, headers)).status, 403)
  }
  assert.notEqual(await world.stores.sessions.find(hash), undefined)
})

test('too many wrong passwords for an address wait, taken or not, in any case', async () => {
  const { email } = await world.addUser()
  for (const address of [email, 'ghost@example.com']) {
    const statuses: number[] = []
    for (let count = 0; count <= LIMITS.loginsPerAccountMax; count++) {
      const spelled = count % 2 === 0 ? address : address.toUpperCase()
      const params = { email: spelled, password: 'wrong horse' }
      const headers = { 'x-forwarded-for': `198.51.100.${count}` }
      const reply = await api.send('POST', '/identity/sessions', params, headers)
      statuses.push(reply.status)
      if (reply.status === 429) {
        assert.deepEqual(reply.errors, ['identity.session.rate_limited'])
        assert.match(String(reply.headers['retry-after']), /^[0-9]+$/)
      }
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429])
  }
  const right = await api.send('POST', '/identity/sessions', { email, password: PASSWORD })
  assert.equal(right.status, 429)
})

test('the owner still signs in from where it did before, while strangers guess', async () => {
  const user = await world.addUser()
  const home = { 'x-forwarded-for': '192.0.2.99' }
  await api.logIn(user, home)
  for (let count = 0; count < 10; count++) {
    const headers = { 'x-forwarded-for': `203.0.113.${count}` }
    await api.send('POST', '/identity/sessions', { email: user.email, password: 'no' }, headers)
  }
  await api.logIn(user, home)
})

test('a login overtaken by a password reset fails with the old password', async () => {
  const user = await world.addUser()
  const { sessions } = world.stores
  let opens = 0
  const overtaken = await world.start(
    {},
    {
      stores: {
        ...world.stores,
        sessions: {
          ...sessions,
          async open(session, idleAtMs) {
            if (opens++ === 0) {
              await world.stores.users.change(user.uid, { passwordDigest: 'another' })
              await sessions.endAll(user.uid)
            }
            return sessions.open(session, idleAtMs)
          },
        },
      },
    },
  )
  const params = { email: user.email, password: PASSWORD }
  const { status, errors } = await overtaken.send('POST', '/identity/sessions', params)
  assert.deepEqual([status, errors], [401, ['identity.session.invalid_params']])
  assert.equal(opens, 1)
  assert.deepEqual(await sessions.list(user.uid), [])
  await overtaken.close()
})

const FAULTS = [
  { fault: 'store_unavailable', code: 'server.unavailable' },
  { fault: 'not_in_force', code: 'server.recorded_not_in_force' },
] as const
for (const { fault, code } of FAULTS) {
  test(`a logout that the store cannot finish says ${code}`, async () => {
    const failing = await world.start(
      {},
      {
        stores: {
          ...world.stores,
          sessions: {
            ...world.stores.sessions,
            end: async () => {
              throw new Fault(fault)
            },
          },
        },
      },
    )
    const headers = cookieOf(failing.parts.cookieRing.seal('C'.repeat(43)))
    const { status, errors } = await failing.send(
      'DELETE',
      '/identity/sessions',
      undefined,
      headers,
    )
    assert.deepEqual([status, errors], [503, [code]])
    await failing.close()
  })
}
