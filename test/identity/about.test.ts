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

const load = async (path: string) => (await api.send('GET', `/identity${path}`)).body

test('ping, version and time are told to anyone', async () => {
  assert.deepEqual(await load('/ping'), { ping: 'pong' })
  assert.deepEqual(await load('/version'), { version: '9.9.9' })
  world.nowMs = 1_900_000_000_999
  assert.deepEqual(await load('/time'), { time: 1_900_000_000, time_ms: 1_900_000_000_999 })
})
test('a sign-in form is told the settings it needs, and no others', async () => {
  assert.deepEqual(await load('/configs'), {
    session_expire_time: 1_800,
    captcha_type: 'none',
    phone_verification_type: 'none',
    password_min_entropy: 30,
    password_regexp: '^.{8,}$',
  })
})
test('a password’s strength is told', async () => {
  const reply = await api.send('POST', '/identity/password/validate', { password: 'password1' })
  assert.equal(reply.status, 201)
  assert.ok((reply.body as { entropy: number }).entropy < 30)
})
test('strength is not estimated without end', async () => {
  const limits = { ...api.parts.settings.limits, mailsPerNetworkMax: 1 }
  const few = await world.start({ limits })
  const ask = () => few.send('POST', '/identity/password/validate', { password: 'x' })
  assert.deepEqual([(await ask()).status, (await ask()).status], [201, 429])
  await few.close()
})
