import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import test from 'node:test'
import fc from 'fast-check'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { buildClaims } from '../../src/authorizer/claims.ts'
import type { Principal } from '../../src/core/principal.ts'
import { sidOf } from '../../src/crypto/digest.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { importKey } from '../../src/crypto/keys.ts'
import { createJti } from '../../src/crypto/random.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import { RSA_PAIR } from '../crypto/rsa-fixture.ts'

const NOW_MS = 1_760_000_000_789
const NOW_S = 1_760_000_000
const PRINCIPAL: Principal = {
  uid: 'ID873B710D88',
  kind: 'user',
  username: 'zoe',
  email: 'zoe@example.com',
  role: 'member',
  level: 3,
  state: 'active',
  referralId: 42,
  otp: true,
  version: 7,
}
const SESSION = { hash: 'A'.repeat(43), endsAtMs: NOW_MS + 3_600_000 }
const MINTED = {
  principal: PRINCIPAL,
  session: SESSION,
  audience: ['peatio', 'barong'],
  issuer: 'barong',
  nowMs: NOW_MS,
  ttlMs: 60_000,
  jti: '00112233445566778899',
}

test("a user's claims stand in their order, with their JSON types", () => {
  assert.equal(
    JSON.stringify(buildClaims(MINTED)),
    `{"iat":${NOW_S},"exp":${NOW_S + 60},"sub":"session","iss":"barong",` +
      '"aud":["peatio","barong"],"jti":"00112233445566778899","uid":"ID873B710D88",' +
      '"username":"zoe","email":"zoe@example.com","role":"member","level":3,"state":"active",' +
      `"referral_id":42,"sid":"${sidOf(SESSION.hash)}"}`,
  )
})

test('an absent username and referrer are null, and an audience of one is a list', () => {
  const principal = { ...PRINCIPAL, username: null, referralId: null }
  const text = JSON.stringify(buildClaims({ ...MINTED, principal, audience: ['peatio'] }))
  assert.match(text, /"username":null,/)
  assert.match(text, /"referral_id":null,/)
  assert.match(text, /"aud":\["peatio"\],/)
})

test('a service account has neither a username nor a referrer', () => {
  const claims = buildClaims({ ...MINTED, principal: { ...PRINCIPAL, kind: 'service' } })
  assert.deepEqual(
    Object.keys(JSON.parse(JSON.stringify(claims)) as object),
    'iat exp sub iss aud jti uid email role level state sid'.split(' '),
  )
})

const ENDS = [
  { name: 'a session with time left does not shorten the token', endsAfterMs: 60_000, expS: 60 },
  { name: 'the token ends with its session', endsAfterMs: 10_000, expS: 10 },
  { name: 'a session that ends within a second rounds down', endsAfterMs: 10_210, expS: 10 },
  { name: 'and up to the very second', endsAfterMs: 10_211, expS: 11 },
  { name: 'a session about to end leaves no time at all', endsAfterMs: 1, expS: 0 },
]
for (const { name, endsAfterMs, expS } of ENDS) {
  test(name, () => {
    const session = { ...SESSION, endsAtMs: NOW_MS + endsAfterMs }
    const { exp } = buildClaims({ ...MINTED, session })
    assert.equal(exp, NOW_S + expS)
    assert.ok(exp * 1000 <= session.endsAtMs)
  })
}

test('a level that is no whole number is a bug, not a token', () => {
  for (const level of [1.5, Number.NaN]) {
    const principal = { ...PRINCIPAL, level }
    assert.throws(() => buildClaims({ ...MINTED, principal }), { name: 'AssertionError' })
  }
})

test('the session is named by a hash of its own', () => {
  assert.match(sidOf(SESSION.hash), /^[A-Za-z0-9_-]{43}$/)
  assert.notEqual(sidOf(SESSION.hash), SESSION.hash)
  assert.notEqual(sidOf(SESSION.hash), sidOf('B'.repeat(43)))
  assert.ok(!JSON.stringify(buildClaims(MINTED)).includes(SESSION.hash))
})

test('whatever a principal is called, the claims are those of the list and unchanged', () => {
  const names = Object.keys(buildClaims(MINTED))
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', '","role":"superadmin', '\u2028', '\\'),
  )
  fc.assert(
    fc.property(text, text, text, (uid, username, email) => {
      const principal = { ...PRINCIPAL, uid, username, email }
      const json = JSON.stringify(buildClaims({ ...MINTED, principal }))
      const read = JSON.parse(json) as Record<string, unknown>
      assert.deepEqual(Object.keys(read), names)
      assert.deepEqual([read.uid, read.username, read.email], [uid, username, email])
      assert.equal(read.role, 'member')
    }),
  )
})

async function createMinted(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'dvara-claims-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const rsa = RSA_PAIR
  const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await importKey({ directory, pem, nowMs: NOW_MS })
  const keyring = await openKeyring({ directory })
  const sign = createSigner({ keyring }).sign
  return { keyring, sign, publicKey: createPublicKey(rsa.privateKey) }
}

test('jose accepts the token through the published set', async (t) => {
  const { keyring, sign } = await createMinted(t)
  const set = JSON.parse(Buffer.from(keyring.jwks()).toString()) as JSONWebKeySet
  const claims = buildClaims({ ...MINTED, jti: createJti() })
  const { payload, protectedHeader } = await jwtVerify(sign(claims), createLocalJWKSet(set), {
    issuer: 'barong',
    audience: 'peatio',
    subject: 'session',
    typ: 'JWT',
    requiredClaims: ['jti', 'iat', 'exp', 'uid'],
    maxTokenAge: '60s',
    currentDate: new Date(NOW_MS),
  })
  assert.deepEqual(payload, claims)
  assert.equal(protectedHeader.alg, 'RS256')
})

/** Rules of the trading core's middleware and of the Go services, with one RSA key and no set. */
function acceptAsNeighbours(authorization: string, publicKey: KeyObject, nowS: number): string {
  const match = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(authorization)
  const [head, body, signature] = (match?.[1] ?? '').split('.')
  if (head === undefined || body === undefined || signature === undefined) return 'shape'
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  if ((read(head) as { alg: unknown }).alg !== 'RS256') return 'alg'
  const input = Buffer.from(`${head}.${body}`)
  if (!verify('RSA-SHA256', input, publicKey, Buffer.from(signature, 'base64url')))
    return 'signature'
  const claims = read(body) as Record<string, unknown>
  const { iat, exp, nbf, sub, iss, aud, jti, uid, email, role, level, state } = claims
  if (!Number.isInteger(exp) || nowS >= Number(exp)) return 'exp'
  if (!Number.isInteger(iat) || Number(iat) > nowS) return 'iat'
  if (nbf !== undefined && Number(nbf) > nowS) return 'nbf'
  if (sub !== 'session' || iss !== 'barong') return 'sub or iss'
  if (!Array.isArray(aud) || !aud.every((one) => typeof one === 'string')) return 'aud type'
  if (!aud.includes('peatio')) return 'aud'
  if (typeof jti !== 'string' || jti === '') return 'jti'
  if (typeof uid !== 'string' || uid === '' || uid.length > 32) return 'uid'
  if (typeof email !== 'string' || !/^\S+@\S+\.\S+$/.test(email)) return 'email'
  if (typeof role !== 'string' || role === '') return 'role'
  if (!Number.isInteger(level)) return 'level'
  const referrer = claims.referral_id
  if (referrer !== undefined && referrer !== null && !Number.isInteger(referrer))
    return 'referral_id'
  return state === 'active' ? 'accepted' : 'state'
}

test('the neighbours accept the token of an active principal by their own rules', async (t) => {
  const { sign, publicKey } = await createMinted(t)
  const accept = (change: Partial<typeof MINTED>, nowS = NOW_S) =>
    acceptAsNeighbours(`Bearer ${sign(buildClaims({ ...MINTED, ...change }))}`, publicKey, nowS)
  assert.equal(accept({}), 'accepted')
  assert.equal(accept({}, NOW_S + 59), 'accepted')
  assert.equal(accept({}, NOW_S + 60), 'exp')
  assert.equal(accept({ principal: { ...PRINCIPAL, kind: 'service' } }), 'accepted')
  assert.equal(
    accept({ principal: { ...PRINCIPAL, username: null, referralId: null } }),
    'accepted',
  )
  assert.equal(accept({ principal: { ...PRINCIPAL, state: 'pending' } }), 'state')
  assert.equal(accept({ audience: ['barong'] }), 'aud')
  assert.equal(accept({ issuer: 'other' }), 'sub or iss')
})
