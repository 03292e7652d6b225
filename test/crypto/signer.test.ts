import assert from 'node:assert/strict'
import test from 'node:test'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { ALGORITHM_NAMES, prepareKey } from '../../src/crypto/algorithm.ts'
import { ROTATION_DELAYS, rotateKeys } from '../../src/crypto/key-rotation.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import { createRing, NOW_MS } from './scratch.ts'

for (const algorithm of ALGORITHM_NAMES) {
  test(`jose accepts a ${algorithm} token through the published set`, async (t) => {
    const { keyring } = await createRing(t, algorithm)
    const set = JSON.parse(Buffer.from(keyring.jwks()).toString()) as JSONWebKeySet
    const bearer = createSigner({ keyring }).sign({ name: 'Zoë', level: 3 })
    const { payload, protectedHeader } = await compactVerify(bearer, createLocalJWKSet(set))
    assert.equal(Buffer.from(payload).toString(), '{"name":"Zoë","level":3}')
    const expected = { alg: algorithm, kid: keyring.signing().kid, typ: 'JWT' }
    assert.deepEqual({ ...protectedHeader }, expected)
    assert.deepEqual(Object.keys(protectedHeader), ['alg', 'kid', 'typ'])
  })
}

test('text is signed as it is, an object as its JSON', async (t) => {
  const { keyring } = await createRing(t)
  const signer = createSigner({ keyring })
  assert.equal(signer.sign('{"a":1}'), signer.sign({ a: 1 }))
  assert.equal(signer.kid(), keyring.signing().kid)
})

test('a key is prepared once, and the next one when it signs', async (t) => {
  const { directory, keyring } = await createRing(t)
  const timing = { ...ROTATION_DELAYS, jwksMaxAgeMs: 300_000, tokenTtlMs: 60_000 }
  const prepared: string[] = []
  const signer = createSigner({
    keyring,
    prepare: (alg, key) => {
      prepared.push(alg)
      return prepareKey(alg, key)
    },
  })
  const before = signer.kid()
  signer.sign('{}')
  signer.sign('{}')
  await rotateKeys({ directory, nowMs: NOW_MS, timing, algorithm: 'ES256' })
  await keyring.reload()
  signer.sign('{}')
  assert.deepEqual(prepared, ['EdDSA'])
  await rotateKeys({ directory, nowMs: NOW_MS + 86_400_000, timing })
  await keyring.reload()
  const header = Buffer.from(signer.sign('{}').split('.')[0] ?? '', 'base64url').toString()
  assert.deepEqual(prepared, ['EdDSA', 'ES256'])
  assert.notEqual(signer.kid(), before)
  assert.equal(header, `{"alg":"ES256","kid":"${signer.kid()}","typ":"JWT"}`)
})
