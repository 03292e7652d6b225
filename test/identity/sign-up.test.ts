import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isUserData } from '../../src/identity/sign-up.ts'
import { codeIn, openWorld, PASSWORD, type Running, uniqueEmail, type World } from './world.ts'

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

const signUp = (params: object) => api.send('POST', '/identity/users', params)

test('a sign-up makes a pending member, opens no session and mails a code', async () => {
  const email = uniqueEmail()
  const params = { email, password: PASSWORD, username: 'JohnDoe', data: '{"a":1}' }
  const { status, body, cookie } = await signUp({
    ...params,
    role: 'superadmin',
    state: 'active',
    level: 9,
  })
  assert.equal(status, 201)
  assert.equal(cookie, undefined)
  const fixed = { role: 'member', level: 0, otp: false, state: 'pending' }
  assert.deepEqual(body, { email, username: 'johndoe', data: '{"a":1}', ...fixed })
  const user = await world.stores.users.findByEmail(email)
  assert.match(user?.uid ?? '', /^ID[0-9A-F]{10}$/)
  assert.deepEqual([user?.role, user?.state, user?.level], ['member', 'pending', 0])
  assert.match(user?.passwordDigest ?? '', /^\$argon2id\$/)
  await api.settled()
  assert.match(codeIn(world.letters, email), /^[\w-]{43}$/)
})

test('a taken address is answered as a fresh one is; its owner hears of it by mail', async () => {
  const owner = await world.addUser()
  const ask = async (email: string) => {
    const { status, body, headers } = await signUp({ email, password: PASSWORD })
    const { date, 'content-length': length, ...rest } = headers
    return { status, rest, body: { ...(body as object), email: 'x' } }
  }
  assert.deepEqual(await ask(owner.email), await ask(uniqueEmail()))
  await api.settled()
  const letter = world.letters.find(({ to }) => to === owner.email)
  assert.match(letter?.subject ?? '', /already/)
  const found = await world.stores.users.findByEmail(owner.email)
  assert.equal(found?.passwordDigest, owner.passwordDigest)
})

test('a taken username is not told, for it would tell of the sign-up before', async () => {
  const owner = await world.addUser()
  const first = { email: owner.email, password: PASSWORD, username: 'oracle1' }
  assert.equal((await signUp(first)).status, 201)
  const [one, two] = [uniqueEmail(), uniqueEmail()]
  const reply = await signUp({ ...first, email: one })
  const again = await signUp({ ...first, email: two })
  assert.deepEqual({ ...(again.body as object), email: one }, reply.body)
  assert.equal((await world.stores.users.findByEmail(one))?.username, 'oracle1')
  assert.equal((await world.stores.users.findByEmail(two))?.username, null)
  await api.settled()
  assert.match(
    world.letters.find(({ to }) => to === two)?.text ?? '',
    /username you chose is taken/,
  )
})

const REFUSED = [
  {
    name: 'nothing',
    params: {},
    errors: ['identity.user.missing_email', 'identity.user.missing_password'],
  },
  { name: 'a malformed address', params: { email: 'a@b@c' }, errors: ['email.invalid'] },
  { name: 'a short username', params: { username: 'abc' }, errors: ['username.invalid'] },
  {
    name: 'a username with a sign',
    params: { username: 'john_doe' },
    errors: ['username.invalid'],
  },
  { name: 'data that is not JSON', params: { data: '{' }, errors: ['data.invalid_format'] },
  {
    name: 'a malformed referral',
    params: { refid: '../x' },
    errors: ['identity.user.invalid_referral_format'],
  },
  {
    name: 'an unknown referral',
    params: { refid: 'ID0000000001' },
    errors: ['identity.user.referral_doesnt_exist'],
  },
  { name: 'a short password', params: { password: 'Ab3$x' }, errors: ['password.requirements'] },
  {
    name: 'a password of 1025 bytes',
    params: { password: 'aB3$x'.repeat(205) },
    errors: ['password.requirements'],
  },
  { name: 'a common password', params: { password: 'password123' }, errors: ['password.weak'] },
]
for (const { name, params, errors } of REFUSED) {
  test(`no sign-up with ${name}`, async () => {
    const fine = name === 'nothing' ? {} : { email: uniqueEmail(), password: PASSWORD }
    const reply = await signUp({ ...fine, ...params })
    assert.deepEqual([reply.status, reply.errors], [422, errors])
  })
}

test('a long passphrase without digits or capitals is fine', async () => {
  const password = 'every good boy deserves football and a long quiet evening by the sea'
  assert.equal((await signUp({ email: uniqueEmail(), password })).status, 201)
})

test('a referral is kept', async () => {
  const referrer = await world.addUser()
  const email = uniqueEmail()
  await signUp({ email, password: PASSWORD, refid: referrer.uid })
  const user = await world.stores.users.findByEmail(email)
  assert.deepEqual([user?.referralId, user?.referralUid], [referrer.id, referrer.uid])
})

test('an address gets so many letters, then the caller waits', async () => {
  const few = await world.start({ limits: { ...api.parts.settings.limits, mailsPerAccountMax: 2 } })
  const email = uniqueEmail()
  const statuses: number[] = []
  for (let count = 0; count < 3; count++) {
    statuses.push((await few.send('POST', '/identity/users', { email, password: PASSWORD })).status)
  }
  assert.deepEqual(statuses, [201, 201, 429])
  await few.close()
})

test('data may have 1024 characters and not 1025', () => {
  assert.equal(isUserData(JSON.stringify('x'.repeat(1022))), true)
  assert.equal(isUserData(JSON.stringify('x'.repeat(1023))), false)
})
