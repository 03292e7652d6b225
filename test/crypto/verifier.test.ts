import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { TestContext } from 'node:test'
import test from 'node:test'
import fc from 'fast-check'
import { ALGORITHM_NAMES, prepareKey } from '../../src/crypto/algorithm.ts'
import { loadKeys } from '../../src/crypto/key-file.ts'
import { createKeyringSource } from '../../src/crypto/key-source.ts'
import type { Keyring } from '../../src/crypto/keyring.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { generateKey } from '../../src/crypto/keys.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import type { BearerProblem } from '../../src/crypto/verifier.ts'
import { BEARER_CHARACTERS_MAX, createVerifier } from '../../src/crypto/verifier.ts'
import { createRing, NOW_MS } from './scratch.ts'

const NOW_S = NOW_MS / 1000
const EXPECTED = {
  issuer: 'barong',
  audience: 'peatio',
  subject: 'session',
  nowMs: NOW_MS,
} as const
const CLAIMS = {
  iat: NOW_S,
  exp: NOW_S + 60,
  sub: 'session',
  iss: 'barong',
  aud: ['peatio', 'barong'],
  jti: '00112233445566778899',
}

const base64url = (value: string | object) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token with any header, truly signed by the ring's key: what a key used for two ends yields. */
function forge(keyring: Keyring, header: object | string, claims: object | string = CLAIMS) {
  const { alg, privateKey } = keyring.signing()
  const input = `${base64url(header)}.${base64url(claims)}`
  const signature = prepareKey(alg, privateKey).sign(Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

async function createSubject(
  t: TestContext,
  algorithm: Parameters<typeof createRing>[1] = 'EdDSA',
) {
  const { directory, keyring } = await createRing(t, algorithm)
  const verifier = createVerifier({ keys: createKeyringSource(keyring) })
  const problemOf = async (bearer: string, nowMs = NOW_MS) => {
    const verification = await verifier.verify(bearer, { ...EXPECTED, nowMs })
    return verification.ok ? 'none' : verification.problem
  }
  return { directory, keyring, verifier, problemOf, header: headerOf(keyring) }
}

function headerOf(keyring: Keyring) {
  const { alg, kid } = keyring.signing()
  return { alg, kid, typ: 'JWT' }
}

for (const algorithm of ALGORITHM_NAMES) {
  test(`a ${algorithm} token that was minted is accepted with its claims`, async (t) => {
    const { keyring, verifier } = await createSubject(t, algorithm)
    const bearer = createSigner({ keyring }).sign(CLAIMS)
    assert.deepEqual(await verifier.verify(bearer, EXPECTED), { ok: true, claims: CLAIMS })
  })
}

test('every token that is minted verifies', async (t) => {
  const { keyring, verifier } = await createSubject(t)
  const signer = createSigner({ keyring })
  const extra = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 4 })
  await fc.assert(
    fc.asyncProperty(extra, async (more) => {
      const bearer = signer.sign({ ...more, ...CLAIMS })
      assert.equal((await verifier.verify(bearer, EXPECTED)).ok, true)
    }),
    { numRuns: 100 },
  )
})

for (const algorithm of ['EdDSA', 'ES256'] as const) {
  test(`no single bit of a ${algorithm} token may be flipped`, async (t) => {
    const { keyring, problemOf } = await createSubject(t, algorithm)
    const bearer = Buffer.from(createSigner({ keyring }).sign(CLAIMS), 'latin1')
    for (let bit = 0; bit < bearer.length * 8; bit++) {
      const flipped = Buffer.from(bearer)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.notEqual(await problemOf(flipped.toString('latin1')), 'none', `bit ${bit}`)
    }
  })
}

test('no bit of the decoded signature may be flipped', async (t) => {
  const { keyring, problemOf } = await createSubject(t)
  const bearer = createSigner({ keyring }).sign(CLAIMS)
  const [head, payload, signature] = bearer.split('.')
  for (let bit = 0; bit < 512; bit++) {
    const bytes = Buffer.from(signature ?? '', 'base64url')
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const flipped = `${head}.${payload}.${bytes.toString('base64url')}`
    assert.equal(await problemOf(flipped), 'signature_invalid')
  }
})

const SHAPES: readonly { name: string; bend: (bearer: string) => string }[] = [
  { name: 'nothing', bend: () => '' },
  { name: 'two dots only', bend: () => '..' },
  { name: 'one part', bend: (b) => b.split('.')[0] ?? '' },
  { name: 'an empty signature', bend: (b) => b.slice(0, b.lastIndexOf('.') + 1) },
  { name: 'no signature and no dot for it', bend: (b) => b.slice(0, b.lastIndexOf('.')) },
  { name: 'an empty payload', bend: (b) => b.replace(/\..*\./, '..') },
  { name: 'a leading space', bend: (b) => ` ${b}` },
  { name: 'a trailing line feed', bend: (b) => `${b}\n` },
  { name: 'padding', bend: (b) => `${b}=` },
  { name: 'four parts', bend: (b) => `${b}.AAAA` },
  { name: 'five parts, as an encrypted token has', bend: (b) => `${b}.AAAA.AAAA` },
  { name: 'a header that is no JSON', bend: (b) => b.replace(/^[^.]*/, base64url('{')) },
  { name: 'a header that is a list', bend: (b) => b.replace(/^[^.]*/, base64url([])) },
  { name: 'a header that is null', bend: (b) => b.replace(/^[^.]*/, base64url('null')) },
  { name: 'a header that is no UTF-8', bend: (b) => b.replace(/^[^.]*/, 'eyL_In0') },
  { name: 'more characters than a token has', bend: (b) => b + 'A'.repeat(BEARER_CHARACTERS_MAX) },
]
for (const { name, bend } of SHAPES) {
  test(`${name} is no token`, async (t) => {
    const { keyring, problemOf } = await createSubject(t)
    assert.equal(await problemOf(bend(createSigner({ keyring }).sign(CLAIMS))), 'malformed')
  })
}

const HEADERS: readonly { name: string; change: object; problem: BearerProblem }[] = [
  { name: 'alg none', change: { alg: 'none' }, problem: 'algorithm_mismatch' },
  { name: 'alg None', change: { alg: 'None' }, problem: 'algorithm_mismatch' },
  { name: 'alg nONE', change: { alg: 'nONE' }, problem: 'algorithm_mismatch' },
  { name: "another key's alg", change: { alg: 'ES256' }, problem: 'algorithm_mismatch' },
  { name: 'alg in another case', change: { alg: 'eddsa' }, problem: 'algorithm_mismatch' },
  { name: 'alg as a list', change: { alg: ['EdDSA'] }, problem: 'algorithm_mismatch' },
  { name: 'no alg', change: { alg: undefined }, problem: 'header_refused' },
  { name: 'no kid', change: { kid: undefined }, problem: 'header_refused' },
  { name: 'kid as a number', change: { kid: 1 }, problem: 'header_refused' },
  { name: 'an unknown kid', change: { kid: 'unknown' }, problem: 'key_unknown' },
  { name: 'a kid that is a path', change: { kid: '../../dev/null' }, problem: 'key_unknown' },
  { name: 'no typ', change: { typ: undefined }, problem: 'header_refused' },
  { name: 'typ of an access token', change: { typ: 'at+jwt' }, problem: 'header_refused' },
  { name: 'typ of a logout token', change: { typ: 'logout+jwt' }, problem: 'header_refused' },
  { name: 'typ in another case', change: { typ: 'jwt' }, problem: 'header_refused' },
  { name: 'crit', change: { crit: ['b64'] }, problem: 'header_refused' },
  { name: 'crit with an unknown name', change: { crit: ['x'], x: 1 }, problem: 'header_refused' },
  { name: 'b64', change: { b64: false }, problem: 'header_refused' },
  { name: 'jku', change: { jku: 'https://evil.example/' }, problem: 'header_refused' },
  { name: 'x5u', change: { x5u: 'https://evil.example/' }, problem: 'header_refused' },
  { name: 'x5c', change: { x5c: ['AAAA'] }, problem: 'header_refused' },
  { name: 'jwk', change: { jwk: { kty: 'oct', k: 'AAAA' } }, problem: 'header_refused' },
  { name: 'zip', change: { zip: 'DEF' }, problem: 'header_refused' },
  { name: 'p2c', change: { p2c: 2_147_483_648 }, problem: 'header_refused' },
  { name: 'enc', change: { enc: 'A256GCM' }, problem: 'header_refused' },
]
for (const { name, change, problem } of HEADERS) {
  test(`a well signed header with ${name} is refused`, async (t) => {
    const { keyring, problemOf, header } = await createSubject(t)
    assert.equal(await problemOf(forge(keyring, header)), 'none')
    assert.equal(await problemOf(forge(keyring, { ...header, ...change })), problem)
  })
}

const seconds = (exp: unknown, iat: unknown = NOW_S) => ({ iat, exp })
const PAYLOADS: readonly { name: string; change: object; problem: BearerProblem | 'none' }[] = [
  { name: 'aud as a string', change: { aud: 'peatio' }, problem: 'none' },
  { name: 'aud of another', change: { aud: ['barong'] }, problem: 'audience_mismatch' },
  { name: 'aud that contains ours', change: { aud: 'peatio-evil' }, problem: 'audience_mismatch' },
  { name: 'aud that ours contains', change: { aud: ['peat'] }, problem: 'audience_mismatch' },
  { name: 'no aud', change: { aud: undefined }, problem: 'audience_mismatch' },
  { name: 'an empty aud', change: { aud: [] }, problem: 'audience_mismatch' },
  { name: 'aud with a number', change: { aud: ['peatio', 1] }, problem: 'audience_mismatch' },
  { name: 'aud as an object', change: { aud: { peatio: 1 } }, problem: 'audience_mismatch' },
  { name: 'iss with a slash', change: { iss: 'barong/' }, problem: 'issuer_mismatch' },
  { name: 'iss as a list', change: { iss: ['barong'] }, problem: 'issuer_mismatch' },
  { name: 'no iss', change: { iss: undefined }, problem: 'issuer_mismatch' },
  { name: 'sub of a reset', change: { sub: 'reset' }, problem: 'subject_mismatch' },
  { name: 'sub of a confirmation', change: { sub: 'confirmation' }, problem: 'subject_mismatch' },
  { name: 'no sub', change: { sub: undefined }, problem: 'subject_mismatch' },
  { name: 'no jti', change: { jti: undefined }, problem: 'claims_malformed' },
  { name: 'an empty jti', change: { jti: '' }, problem: 'claims_malformed' },
  { name: 'jti as a number', change: { jti: 1 }, problem: 'claims_malformed' },
  { name: 'no exp', change: seconds(undefined), problem: 'claims_malformed' },
  { name: 'exp as text', change: seconds(String(NOW_S + 60)), problem: 'claims_malformed' },
  { name: 'exp with a fraction', change: seconds(NOW_S + 0.5), problem: 'claims_malformed' },
  { name: 'a negative exp', change: seconds(-1), problem: 'claims_malformed' },
  { name: 'exp in milliseconds', change: seconds(NOW_MS + 60_000), problem: 'lifetime_too_long' },
  { name: 'exp as null', change: seconds(null), problem: 'claims_malformed' },
  { name: 'no iat', change: { iat: undefined }, problem: 'claims_malformed' },
  { name: 'iat as text', change: { iat: '1' }, problem: 'claims_malformed' },
  { name: 'both in milliseconds', change: seconds(NOW_MS + 60, NOW_MS), problem: 'not_yet_valid' },
  { name: 'nbf as text', change: { nbf: '1' }, problem: 'claims_malformed' },
  { name: 'nbf as null', change: { nbf: null }, problem: 'claims_malformed' },
  { name: 'nbf now', change: { nbf: NOW_S }, problem: 'none' },
  { name: 'nbf within the leeway', change: { nbf: NOW_S + 5 }, problem: 'none' },
  { name: 'nbf beyond the leeway', change: { nbf: NOW_S + 6 }, problem: 'not_yet_valid' },
  { name: 'iat within the leeway', change: { iat: NOW_S + 5 }, problem: 'none' },
  { name: 'iat beyond the leeway', change: { iat: NOW_S + 6 }, problem: 'not_yet_valid' },
  { name: 'exp within the leeway', change: seconds(NOW_S - 4, NOW_S - 64), problem: 'none' },
  { name: 'exp at the leeway', change: seconds(NOW_S - 5, NOW_S - 65), problem: 'expired' },
  { name: 'a life of an hour', change: seconds(NOW_S + 3_600), problem: 'none' },
  { name: 'a longer life', change: seconds(NOW_S + 3_601), problem: 'lifetime_too_long' },
  { name: 'exp of another century', change: seconds(9e12), problem: 'claims_malformed' },
]
for (const { name, change, problem } of PAYLOADS) {
  test(`${name}: ${problem === 'none' ? 'accepted' : problem}`, async (t) => {
    const { keyring, problemOf } = await createSubject(t)
    const bearer = createSigner({ keyring }).sign({ ...CLAIMS, ...change })
    assert.equal(await problemOf(bearer), problem)
  })
}

test('claims that are no JSON object are refused, however well signed', async (t) => {
  const { keyring, problemOf } = await createSubject(t)
  const signer = createSigner({ keyring })
  for (const text of ['', 'null', '[]', '"x"', '{', `${JSON.stringify(CLAIMS)}x`]) {
    const problem = text === '' ? 'malformed' : 'claims_malformed'
    assert.equal(await problemOf(signer.sign(text)), problem)
  }
  const huge = JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e400')
  assert.equal(await problemOf(signer.sign(huge)), 'claims_malformed')
})

test('a public key is no HMAC secret, in whatever spelling', async (t) => {
  const { keyring, problemOf, header } = await createSubject(t, 'RS256')
  const publicKey = keyring.verifying(header.kid)?.publicKey
  assert.ok(publicKey !== undefined)
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))
  const head = base64url({ ...header, alg: 'HS256' })
  const as = base64url(header)
  for (const secret of [pem, pem.trim(), ` ${pem}`, der, jwk, Buffer.from(keyring.jwks())]) {
    for (const first of [head, as]) {
      const input = `${first}.${base64url(CLAIMS)}`
      const mac = createHmac('sha256', secret).update(input).digest('base64url')
      const problem = first === head ? 'algorithm_mismatch' : 'signature_invalid'
      assert.equal(await problemOf(`${input}.${mac}`), problem)
      assert.equal(await problemOf(` ${input}.${mac}`), 'malformed')
    }
  }
})

test("one key's signature is not another's, though both are in the ring", async (t) => {
  const { directory, header } = await createSubject(t)
  const added = await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  const keyring = await openKeyring({ directory })
  const verifier = createVerifier({ keys: createKeyringSource(keyring) })
  const bearer = forge(keyring, { ...header, kid: added.kid })
  const expected = { ok: false, problem: 'signature_invalid' }
  assert.deepEqual(await verifier.verify(bearer, EXPECTED), expected)
  assert.equal((await loadKeys(directory)).length, 2)
})

test('a shorter bound on life is kept', async (t) => {
  const { keyring } = await createSubject(t)
  const keys = createKeyringSource(keyring)
  const bearer = createSigner({ keyring }).sign(CLAIMS)
  const at = createVerifier({ keys, lifetimeMaxMs: 60_000 })
  assert.equal((await at.verify(bearer, EXPECTED)).ok, true)
  const below = createVerifier({ keys, lifetimeMaxMs: 59_999 })
  const expected = { ok: false, problem: 'lifetime_too_long' }
  assert.deepEqual(await below.verify(bearer, EXPECTED), expected)
})

test('keys that cannot be known are a problem of their own', async (t) => {
  const { keyring } = await createSubject(t)
  const verifier = createVerifier({ keys: { find: async () => 'unavailable' } })
  const expected = { ok: false, problem: 'keys_unavailable' }
  const bearer = createSigner({ keyring }).sign(CLAIMS)
  assert.deepEqual(await verifier.verify(bearer, EXPECTED), expected)
})
