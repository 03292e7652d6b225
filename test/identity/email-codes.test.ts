import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeIn, openWorld, PASSWORD, type Running, type World } from './world.ts'

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

const ask = (email: string) => api.send('POST', '/identity/users/email/generate_code', { email })
const confirm = (token: string) => api.send('POST', '/identity/users/email/confirm_code', { token })

async function codeFor(email: string): Promise<string> {
  await ask(email)
  await api.settled()
  return codeIn(world.letters, email)
}

test('a confirmed address makes the user active, labelled, of level 1 and signed in', async () => {
  const user = await world.addUser({ state: 'pending' })
  const { status, body, cookie } = await confirm(await codeFor(user.email))
  assert.equal(status, 201)
  const view = body as { state: string; level: number; csrf_token: string; labels: object[] }
  assert.deepEqual([view.state, view.level], ['active', 1])
  assert.match(view.csrf_token, /^[0-9a-f]{20}$/)
  const { created_at, updated_at, ...label } = view.labels[0] as Record<string, string>
  assert.deepEqual(label, { key: 'email', value: 'verified', scope: 'private' })
  assert.match(`${created_at}${updated_at}`, /Z.*Z$/)
  assert.match(cookie ?? '', /^[\w-]{68}$/)
  await api.logIn(user)
})

test('a code is good once', async () => {
  const code = await codeFor((await world.addUser({ state: 'pending' })).email)
  assert.equal((await confirm(code)).status, 201)
  const { status, errors, cookie } = await confirm(code)
  assert.deepEqual([status, errors, cookie], [422, ['identity.user.utilized_token'], undefined])
})

test('of many who confirm at once one succeeds', async () => {
  const code = await codeFor((await world.addUser({ state: 'pending' })).email)
  const replies = await Promise.all(Array.from({ length: 5 }, () => confirm(code)))
  assert.equal(replies.filter(({ status }) => status === 201).length, 1)
})

test('only the latest code is good', async () => {
  const { email } = await world.addUser({ state: 'pending' })
  const first = await codeFor(email)
  const second = await codeFor(email)
  assert.notEqual((await confirm(first)).status, 201)
  assert.equal((await confirm(second)).status, 201)
})

test('a code expires', async () => {
  const code = await codeFor((await world.addUser({ state: 'pending' })).email)
  world.nowMs += 3_600_001
  const { status, errors } = await confirm(code)
  assert.deepEqual([status, errors], [422, ['jwt.decode_and_verify.expired']])
})

test('a made-up code is unknown', async () => {
  const { status, errors } = await confirm('Z'.repeat(43))
  assert.deepEqual([status, errors], [422, ['jwt.decode_and_verify.segments']])
})

test('a reset code confirms no address', async () => {
  const user = await world.addUser({ state: 'pending' })
  await api.send('POST', '/identity/users/password/generate_code', { email: user.email })
  await api.settled()
  const { errors } = await confirm(codeIn(world.letters, user.email))
  assert.deepEqual(errors, ['jwt.decode_and_verify.segments'])
})

test('a user banned before confirming stays banned', async () => {
  const { email, uid } = await world.addUser({ state: 'pending' })
  const code = await codeFor(email)
  await world.stores.users.change(uid, { state: 'banned' })
  const { status, errors } = await confirm(code)
  assert.deepEqual([status, errors], [422, ['identity.user.active_or_doesnt_exist']])
  assert.equal((await world.stores.users.findByUid(uid))?.state, 'banned')
})

test('asking again is answered alike for any address', async () => {
  const pending = await world.addUser({ state: 'pending' })
  const active = await world.addUser()
  const lettersCount = world.letters.length
  for (const email of [pending.email, active.email, 'nobody@example.com', 'a@b@c']) {
    const { status, body } = await ask(email)
    assert.deepEqual([status, body], [201, {}])
  }
  await api.settled()
  assert.deepEqual(
    world.letters.slice(lettersCount).map(({ to }) => to),
    [pending.email],
  )
})

test('from sign-up to login, by mail', async () => {
  const email = 'whole-flow@example.com'
  await api.send('POST', '/barong/identity/users', { email, password: PASSWORD })
  await api.settled()
  const login = () => api.send('POST', '/barong/identity/sessions', { email, password: PASSWORD })
  const stateOf = async () => ((await login()).body as { state: string }).state
  assert.equal(await stateOf(), 'pending')
  assert.equal((await confirm(codeIn(world.letters, email))).status, 201)
  assert.equal(await stateOf(), 'active')
})
