import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addUserWithApp, appOf, codeOf } from './codes.ts'
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

/** Wrong whatever the clock says: of no step near the present one. */
function wrongCode(secret: string): string {
  const near = [-2, -1, 0, 1, 2].map((steps) =>
    codeOf(secret, Math.floor(world.nowMs / 30_000) + steps),
  )
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (one) => !near.includes(one),
  ) as string
}

test('the seed comes as a link and as a PNG, and is at rest only sealed', async () => {
  const user = await world.addUser()
  const { status, body } = await api.sendAs(user, 'POST', '/resource/otp/generate_qrcode', {})
  assert.equal(status, 201)
  const { url, barcode } = (body as { data: { url: string; barcode: string } }).data
  const link = new URL(url)
  assert.equal(link.protocol, 'otpauth:')
  assert.equal(link.searchParams.get('issuer'), 'dvara test')
  assert.ok(decodeURIComponent(link.pathname).endsWith(user.email))
  assert.equal(Buffer.from(barcode, 'base64').toString('latin1', 1, 4), 'PNG')
  const factor = await world.stores.secondFactors.find(user.uid)
  const { secret } = appOf(world, url)
  assert.equal(factor?.isEnabled, false)
  assert.ok(
    !Buffer.from(factor?.secret ?? [])
      .toString('latin1')
      .includes(secret),
  )
  assert.doesNotMatch(world.lines.join(''), new RegExp(secret))
})

test('a second factor is enabled by a code of it, and other sessions end', async () => {
  const user = await world.addUser()
  const [mine, other] = [await api.logIn(user), await api.logIn(user)]
  const send = (code: string) =>
    api.sendAs(user, 'POST', '/resource/otp/enable', { code }, mine.hash)
  assert.deepEqual((await send('000000')).errors, ['resource.otp.invalid'])
  const { body } = await api.sendAs(user, 'POST', '/resource/otp/generate_qrcode', {}, mine.hash)
  const app = appOf(world, (body as { data: { url: string } }).data.url)
  assert.equal((await send(wrongCode(app.secret))).status, 422)
  assert.equal((await send(app.code())).status, 201)
  assert.equal(await world.stores.sessions.find(other.hash), undefined)
  assert.notEqual(await world.stores.sessions.find(mine.hash), undefined)
  const enabled = ['resource.otp.already_enabled']
  const again = await send(app.next())
  assert.deepEqual([again.status, again.errors], [400, enabled])
  const qr = await api.sendAs(user, 'POST', '/resource/otp/generate_qrcode', {}, mine.hash)
  assert.deepEqual([qr.status, qr.errors], [400, enabled])
  const labels = await world.stores.users.labels(user.uid)
  assert.ok(labels.some((one) => `${one.key}:${one.value}:${one.scope}` === 'otp:enabled:private'))
})

test('a code counts once, and only up to one step beside the present', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const verify = async (code: string) =>
    (await api.sendAs(user, 'POST', '/resource/otp/verify', { code })).status
  assert.equal(await verify(app.code()), 422, 'enabling used it')
  assert.equal(await verify(app.code(2)), 422)
  assert.equal(await verify(app.code(1)), 201)
  assert.equal(await verify(app.code(1)), 422)
  world.nowMs += 90_000
  assert.equal(await verify(app.code(-2)), 422)
  assert.equal(await verify(app.code(-1)), 201)
  assert.equal(await verify(app.code(0)), 201)
  assert.equal(await verify(app.code(-1)), 422, 'older than one that was used')
  for (const code of ['12345', '1234567', '12345a', ' 123456']) {
    assert.equal(await verify(code), 422, code)
  }
  const unknown = await world.addUser()
  const refused = await api.sendAs(unknown, 'POST', '/resource/otp/verify', { code: '123456' })
  assert.deepEqual([refused.status, refused.errors], [400, ['resource.otp.not_enabled']])
})

test('of logins at once with one code one opens a session', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const params = { email: user.email, password: PASSWORD }
  const logIn = (more: object) => api.send('POST', '/identity/sessions', { ...params, ...more })
  const without = await logIn({})
  assert.deepEqual([without.status, without.errors], [401, ['identity.session.missing_otp']])
  const wrong = await logIn({ otp_code: wrongCode(app.secret) })
  assert.deepEqual([wrong.status, wrong.errors], [403, ['identity.session.invalid_otp']])
  const otpCode = app.next()
  const replies = await Promise.all([1, 2, 3].map(() => logIn({ otp_code: otpCode })))
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 403, 403])
  const badPassword = { password: 'wrong horse', otp_code: app.next() }
  assert.equal((await logIn(badPassword)).status, 401)
  assert.equal((await logIn({ otp_code: app.code() })).status, 200, 'it was not used up')
})

test('codes cannot be guessed: tries are limited by account', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const { codesPerAccountMax } = api.parts.settings.limits
  const verify = (code: string) => api.sendAs(user, 'POST', '/resource/otp/verify', { code })
  for (let count = 0; count < codesPerAccountMax; count++) {
    assert.equal((await verify(wrongCode(app.secret))).status, 422)
  }
  const late = await verify(app.next())
  assert.deepEqual([late.status, late.errors], [429, ['identity.session.rate_limited']])
  assert.ok(Number(late.headers['retry-after']) >= 1)
})

test('disabling takes a code, and makes keys inactive', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const params = { algorithm: 'HS256', totp_code: app.next() }
  const made = await api.sendAs(user, 'POST', '/resource/api_keys', params)
  const { kid } = made.body as { kid: string }
  const disable = (code: string) => api.sendAs(user, 'POST', '/resource/otp/disable', { code })
  assert.deepEqual((await disable(app.code())).errors, ['resource.otp.invalid'], 'used already')
  assert.equal((await disable(app.next())).status, 201)
  assert.equal((await world.stores.apiKeys.find(user.uid, kid))?.key.state, 'inactive')
  const again = await disable(app.next())
  assert.deepEqual([again.status, again.errors], [400, ['resource.otp.not_enabled']])
  assert.notEqual((await api.logIn(user)).id, '')
})

test('without the key that seals, or with another one, nothing is believed', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const other = await world.start({}, { secretsKey: undefined })
  const error = ['totp.error']
  const fresh = await world.addUser()
  const qr = await other.sendAs(fresh, 'POST', '/resource/otp/generate_qrcode', {})
  assert.deepEqual([qr.status, qr.errors], [422, error])
  const code = app.next()
  assert.deepEqual(
    (await other.sendAs(user, 'POST', '/resource/otp/verify', { code })).errors,
    error,
  )
  await other.close()
})

test('an account is deleted by its password and, where there is one, a code', async () => {
  const plain = await world.addUser()
  const { hash } = await api.logIn(plain)
  const leave = (who: typeof plain, body: object) =>
    api.sendAs(who, 'DELETE', '/resource/users/me', body)
  const wrong = await leave(plain, { password: 'wrong horse' })
  assert.deepEqual([wrong.status, wrong.errors], [422, ['resource.user.invalid_password']])
  assert.equal((await leave(plain, { password: PASSWORD })).status, 200)
  assert.equal((await world.stores.users.findByUid(plain.uid))?.state, 'deleted')
  assert.equal(await world.stores.sessions.find(hash), undefined)
  const { user, app } = await addUserWithApp(world, api)
  const cases = [
    [{}, 'resource.user.missing_otp_code'],
    [{ otp_code: wrongCode(app.secret) }, 'resource.user.invalid_otp'],
  ] as const
  for (const [more, code] of cases) {
    const refused = await leave(user, { password: PASSWORD, ...more })
    assert.deepEqual([refused.status, refused.errors], [422, [code]])
  }
  assert.equal((await leave(user, { password: PASSWORD, otp_code: app.next() })).status, 200)
})
