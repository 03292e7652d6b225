import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
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

const NEW = 'marble lantern oxide seven'
const ask = (email: string) => api.send('POST', '/identity/users/password/generate_code', { email })
const reset = (code: string, password = NEW, confirm_password = password) =>
  api.send('POST', '/identity/users/password/confirm_code', {
    reset_password_token: code,
    password,
    confirm_password,
  })

async function codeFor(email: string): Promise<string> {
  await ask(email)
  await api.settled()
  return codeIn(world.letters, email)
}

test('a reset sets the password, opens no session and ends every session', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  const { status, cookie } = await reset(await codeFor(user.email))
  assert.deepEqual([status, cookie], [201, undefined])
  assert.equal(await world.stores.sessions.find(hash), undefined)
  const login = (password: string) =>
    api.send('POST', '/identity/sessions', { email: user.email, password })
  assert.equal((await login(PASSWORD)).status, 401)
  assert.equal((await login(NEW)).status, 200)
})

test('a reset proves the address of a pending user', async () => {
  const user = await world.addUser({ state: 'pending' })
  assert.equal((await reset(await codeFor(user.email))).status, 201)
  assert.equal((await world.stores.users.findByUid(user.uid))?.state, 'active')
})

test('a reset does not lift a ban', async () => {
  const user = await world.addUser()
  const code = await codeFor(user.email)
  await world.stores.users.change(user.uid, { state: 'banned' })
  await reset(code)
  assert.equal((await world.stores.users.findByUid(user.uid))?.state, 'banned')
})

const REFUSED = [
  {
    name: 'passwords that differ',
    password: NEW,
    confirm: `${NEW} `,
    code: 'identity.user.passwords_doesnt_match',
  },
  { name: 'a short password', password: 'x', confirm: 'x', code: 'password.requirements' },
  { name: 'a weak password', password: 'password1', confirm: 'password1', code: 'password.weak' },
]
for (const { name, password, confirm, code: expected } of REFUSED) {
  test(`no reset with ${name}, and the code stays good`, async () => {
    const code = await codeFor((await world.addUser()).email)
    const refused = await reset(code, password, confirm)
    assert.deepEqual([refused.status, refused.errors], [422, [expected]])
    assert.equal((await reset(code)).status, 201)
  })
}

test('a code is good once, only the latest, and not for ever', async () => {
  const { email } = await world.addUser()
  const first = await codeFor(email)
  const second = await codeFor(email)
  assert.equal((await reset(first)).status, 422)
  assert.equal((await reset(second)).status, 201)
  assert.deepEqual((await reset(second)).errors, ['identity.user.utilized_token'])
  const third = await codeFor(email)
  world.nowMs += 3_600_001
  assert.deepEqual((await reset(third)).errors, ['jwt.decode_and_verify.expired'])
  assert.deepEqual((await reset('Z'.repeat(43))).errors, ['jwt.decode_and_verify.segments'])
})

test('missing parameters are named in Barong’s words', async () => {
  const { status, errors } = await api.send('POST', '/identity/users/password/confirm_code', {})
  assert.equal(status, 422)
  assert.deepEqual(errors, [
    'identity.user.missing_reset_password_token',
    'identity.user.missing_password',
    'identity.user.missing_confirm_password',
  ])
})

test('asking is answered alike for known, banned, unknown and malformed addresses', async () => {
  const active = await world.addUser()
  const banned = await world.addUser({ state: 'banned' })
  const lettersCount = world.letters.length
  for (const email of [active.email, banned.email, 'nobody@example.com', 'a@b@c']) {
    const { status, body } = await ask(email)
    assert.deepEqual([status, body], [201, {}])
  }
  await api.settled()
  assert.deepEqual(
    world.letters.slice(lettersCount).map(({ to }) => to),
    [active.email],
  )
})

test('a new password that is only recorded ends the sessions all the same', async () => {
  const user = await world.addUser()
  const { hash } = await api.logIn(user)
  const code = await codeFor(user.email)
  const { users } = world.stores
  const half = await world.start(
    {},
    {
      stores: {
        ...world.stores,
        users: {
          ...users,
          async change(uid, change) {
            await users.change(uid, change)
            throw new Fault('not_in_force')
          },
        },
      },
    },
  )
  const params = { reset_password_token: code, password: NEW, confirm_password: NEW }
  const reply = await half.send('POST', '/identity/users/password/confirm_code', params)
  assert.deepEqual([reply.status, reply.errors], [503, ['server.recorded_not_in_force']])
  assert.equal(await world.stores.sessions.find(hash), undefined)
  await half.close()
})
