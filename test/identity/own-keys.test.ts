import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { apiKeyRow, openSecret } from '../../src/crypto/envelope.ts'
import type { User } from '../../src/store/users.ts'
import { RSA_PAIR } from '../crypto/rsa-fixture.ts'
import { type App, addUserWithApp } from './codes.ts'
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

interface KeyBody {
  kid: string
  algorithm: string
  scope: string[]
  state: string
  secret?: string
  expires_at: string | null
  rate_per_second: number | null
  created_at: string
}

async function makeKey(user: User, app: App, more: object = {}): Promise<KeyBody> {
  const params = { algorithm: 'HS256', totp_code: app.next(), ...more }
  const { status, body } = await api.sendAs(user, 'POST', '/resource/api_keys', params)
  assert.equal(status, 201, JSON.stringify(body))
  return body as KeyBody
}

test('a key of HS256: kid and secret in Barong’s form, the secret shown this once', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const made = await makeKey(user, app, { scope: '/orders, GET /trades' })
  assert.match(made.kid, /^[0-9a-f]{16}$/)
  assert.match(made.secret ?? '', /^[0-9a-f]{32}$/)
  assert.deepEqual([made.algorithm, made.state], ['HS256', 'active'])
  assert.deepEqual(made.scope, ['/orders', 'GET /trades'])
  assert.match(made.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const listed = await api.sendAs(user, 'GET', '/resource/api_keys')
  assert.equal((listed.body as KeyBody[])[0]?.kid, made.kid)
  const secret = made.secret as string
  assert.doesNotMatch(JSON.stringify(listed.body) + world.lines.join(''), new RegExp(secret))
  const key = (await world.stores.apiKeys.find(user.uid, made.kid))?.key
  assert.ok(key !== undefined && api.parts.secretsKey !== undefined)
  const opened = openSecret(api.parts.secretsKey, key.material, apiKeyRow(key))
  assert.equal(Buffer.from(opened).toString(), secret)
})

const pair = {
  EdDSA: generateKeyPairSync('ed25519').publicKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  RS256: RSA_PAIR.publicKey,
}

test('an asymmetric key keeps the public half alone, from PEM or JWK', async () => {
  const { user, app } = await addUserWithApp(world, api)
  for (const [algorithm, publicKey] of Object.entries(pair)) {
    const pem = publicKey.export({ format: 'pem', type: 'spki' })
    const jwk = publicKey.export({ format: 'jwk' })
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    for (const given of [pem, jwk, JSON.stringify({ ...jwk, alg: algorithm })]) {
      const made = await makeKey(user, app, { algorithm, public_key: given })
      assert.equal(made.secret, undefined)
      const key = (await world.stores.apiKeys.find(user.uid, made.kid))?.key
      assert.deepEqual([key?.algorithm, key?.material], [algorithm, spki])
      assert.equal(key?.isV1Accepted, false)
    }
  }
})

test('a key that is private, of another kind, weak or none is refused', async () => {
  const { user } = await addUserWithApp(world, api)
  const ed = generateKeyPairSync('ed25519')
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
  const pem = (key: typeof weak) => key.export({ format: 'pem', type: 'spki' })
  const cases: readonly (readonly [string, unknown])[] = [
    ['EdDSA', undefined],
    ['EdDSA', 'not a key'],
    ['EdDSA', ed.privateKey.export({ format: 'pem', type: 'pkcs8' })],
    ['EdDSA', ed.privateKey.export({ format: 'jwk' })],
    ['EdDSA', { ...ed.publicKey.export({ format: 'jwk' }), alg: 'ES256' }],
    ['EdDSA', pem(pair.ES256)],
    ['ES256', pem(k1)],
    ['RS256', pem(weak)],
    ['HS256', pem(pair.EdDSA)],
  ]
  for (const [algorithm, given] of cases) {
    const params = { algorithm, totp_code: '000000', public_key: given }
    const { status, errors } = await api.sendAs(user, 'POST', '/resource/api_keys', params)
    assert.deepEqual([status, errors], [422, ['public_key.invalid']], algorithm)
  }
})

test('every write asks for a second factor, a code, and the right one', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const { kid } = await makeKey(user, app)
  const plain = await world.addUser()
  const writes = [
    ['POST', '/resource/api_keys', { algorithm: 'HS256' }],
    ['PATCH', `/resource/api_keys/${kid}`, { state: 'disabled' }],
    ['POST', `/resource/api_keys/${kid}/rotate`, {}],
    ['DELETE', `/resource/api_keys/${kid}`, {}],
  ] as const
  const used = app.code()
  for (const [method, path, body] of writes) {
    const asked = async (who: User, more: object) => {
      const { status, errors } = await api.sendAs(who, method, path, { ...body, ...more })
      return [status, ...(errors ?? [])]
    }
    const none = [400, 'resource.api_key.2fa_disabled']
    assert.deepEqual(await asked(plain, { totp_code: '123456' }), none, path)
    assert.deepEqual(await asked(user, {}), [422, 'resource.api_key.missing_totp'], path)
    const invalid = [422, 'resource.api_key.invalid_totp']
    assert.deepEqual(await asked(user, { totp_code: used }), invalid, path)
  }
  assert.equal((await world.stores.apiKeys.find(user.uid, kid))?.key.state, 'active')
})

test('a change touches what it names: a scope that is left out stays', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const { kid } = await makeKey(user, app, { scope: '/a,/b', rate_per_second: 3 })
  const patch = async (more: object) => {
    const params = { totp_code: app.next(), ...more }
    return api.sendAs(user, 'PATCH', `/resource/api_keys/${kid}`, params)
  }
  const disabled = (await patch({ state: 'disabled' })).body as KeyBody
  assert.deepEqual([disabled.state, disabled.scope], ['disabled', ['/a', '/b']])
  assert.equal(disabled.secret, undefined)
  const expiresAtS = Math.floor(world.nowMs / 1000) + 3_600
  const limited = await patch({ state: 'active', scope: '/c', expires_at: expiresAtS, v1: false })
  const body = limited.body as KeyBody
  assert.deepEqual([body.state, body.scope, body.rate_per_second], ['active', ['/c'], 3])
  assert.equal(new Date(body.expires_at ?? '').getTime(), expiresAtS * 1000)
  const freed = (await patch({ expires_at: 0, rate_per_second: 0 })).body as KeyBody
  assert.deepEqual([freed.expires_at, freed.rate_per_second], [null, null])
  const stranger = await addUserWithApp(world, api)
  const foreign = await api.sendAs(stranger.user, 'PATCH', `/resource/api_keys/${kid}`, {
    ...{ totp_code: stranger.app.next(), state: 'disabled' },
  })
  assert.deepEqual([foreign.status, foreign.errors], [404, ['record.not_found']])
})

test('what a key may be limited to is read strictly', async () => {
  const { user } = await addUserWithApp(world, api)
  const cases = {
    scope: ['trade', 'GET orders', '/a//b', Array(40).fill('/x').join(',')],
    networks: ['10.0.0.0/33', 'home'],
    expires_at: [1],
    rate_burst: [5],
  }
  for (const [name, values] of Object.entries(cases)) {
    for (const value of values) {
      const params = { algorithm: 'HS256', totp_code: '000000', [name]: value }
      const { status, errors } = await api.sendAs(user, 'POST', '/resource/api_keys', params)
      assert.deepEqual([status, errors], [422, [`resource.api_key.invalid_${name}`]], `${value}`)
    }
  }
  const params = { algorithm: 'HS512', totp_code: '000000' }
  const { status, errors } = await api.sendAs(user, 'POST', '/resource/api_keys', params)
  assert.deepEqual([status, errors], [422, ['kid.blank', 'algorithm.inclusion']])
})

test('rotation: a new kid and secret, the old key ends after the overlap', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const old = await makeKey(user, app, { scope: '/a' })
  const path = `/resource/api_keys/${old.kid}/rotate`
  const totpCode = app.next()
  const tooLong = await api.sendAs(user, 'POST', path, { totp_code: totpCode, overlap: 604_801 })
  assert.deepEqual(tooLong.errors, ['resource.api_key.invalid_overlap'])
  const { status, body } = await api.sendAs(user, 'POST', path, {
    totp_code: totpCode,
    overlap: 60,
  })
  const fresh = body as KeyBody
  assert.equal(status, 201)
  assert.notEqual(fresh.kid, old.kid)
  assert.match(fresh.secret ?? '', /^[0-9a-f]{32}$/)
  assert.notEqual(fresh.secret, old.secret)
  assert.deepEqual([fresh.scope, fresh.expires_at], [['/a'], null])
  const kept = (await world.stores.apiKeys.find(user.uid, old.kid))?.key
  assert.deepEqual([kept?.state, kept?.expiresAtMs], ['active', world.nowMs + 60_000])
  world.nowMs += 60_000
  const late = await api.sendAs(user, 'POST', path, { totp_code: app.next(), overlap: 60 })
  assert.deepEqual([late.status, late.errors], [422, ['api_key.holder_not_active']])
})

test('keys are listed in order and pages, and removed for good', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const kids: string[] = []
  for (let n = 0; n < 3; n++) kids.push((await makeKey(user, app)).kid)
  const list = (query: string) => api.sendAs(user, 'GET', `/resource/api_keys${query}`)
  const page = await list('?ordering=desc&page=2&limit=2')
  assert.deepEqual(
    (page.body as KeyBody[]).map(({ kid }) => kid),
    [kids[0]],
  )
  const { total, page: number, 'per-page': limit } = page.headers
  assert.deepEqual([total, number, limit], ['3', '2', '2'])
  assert.deepEqual((await list('?ordering=up')).errors, ['resource.api_key.invalid_ordering'])
  assert.deepEqual((await list('?order_by=secret')).errors, ['resource.api_key.invalid_attribute'])
  const remove = () =>
    api.sendAs(user, 'DELETE', `/resource/api_keys/${kids[0]}?totp_code=${app.next()}`)
  const removed = await remove()
  assert.deepEqual([removed.status, removed.body], [204, undefined])
  const again = await remove()
  assert.deepEqual([again.status, again.errors], [404, ['record.not_found']])
})

test('without the key that seals, an HMAC key cannot be made', async () => {
  const { user, app } = await addUserWithApp(world, api)
  const other = await world.start({}, { secretsKey: undefined })
  const params = { algorithm: 'HS256', totp_code: app.next() }
  const { status, errors } = await other.sendAs(user, 'POST', '/resource/api_keys', params)
  assert.deepEqual([status, errors], [422, ['api_key.could_not_save_secret']])
  assert.equal(((await other.sendAs(user, 'GET', '/resource/api_keys')).body as []).length, 0)
  await other.close()
})

test('a pending holder hears that keys are for active ones', async () => {
  const { user, app } = await addUserWithApp(world, api)
  await world.stores.users.change(user.uid, { state: 'pending' })
  const params = { algorithm: 'HS256', totp_code: app.next() }
  const { status, errors } = await api.sendAs(user, 'POST', '/resource/api_keys', params)
  assert.deepEqual([status, errors], [422, ['api_key.holder_not_active']])
})
