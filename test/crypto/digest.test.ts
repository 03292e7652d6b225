import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { sha256Base64url } from '../../src/crypto/digest.ts'

test('"abc" digests to the vector of FIPS 180-4', () => {
  const hex = Buffer.from(sha256Base64url('abc'), 'base64url').toString('hex')
  assert.equal(hex, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('any text digests as createHash says, in 43 characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const digest = sha256Base64url(text)
      assert.equal(digest.length, 43)
      assert.equal(digest, createHash('sha256').update(text).digest('base64url'))
    }),
  )
})
