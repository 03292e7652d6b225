import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { isWeakKey } from '../../src/crypto/weak-key.ts'
import { NOT_CANONICAL, SMALL_ORDER } from './ed25519-encodings.ts'

/** RFC 8410 §4: SubjectPublicKeyInfo of Ed25519 up to the key itself. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

for (const { name, bytes } of [...SMALL_ORDER, ...NOT_CANONICAL]) {
  test(`${name} is no key to register`, () => {
    const key = Buffer.concat([SPKI_HEAD, bytes])
    assert.equal(isWeakKey(createPublicKey({ key, format: 'der', type: 'spki' })), true)
  })
}

test('keys as they are generated are not weak', () => {
  for (let count = 0; count < 50; count++) {
    assert.equal(isWeakKey(generateKeyPairSync('ed25519').publicKey), false)
  }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.equal(isWeakKey(publicKey), false)
})

test('an RSA exponent other than 65537 is weak', () => {
  for (const publicExponent of [3, 17, 65_537]) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent })
    assert.equal(isWeakKey(publicKey), publicExponent !== 65_537, String(publicExponent))
  }
})
