import assert from 'node:assert/strict'
import { createHash, hash } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { createDigests, sha256Base64url } from '../../src/crypto/digest.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice } from './wasm-fixture.ts'

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

const digests = createDigests(createWasmInstance())
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const TWO_BLOCKS = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'
const VECTORS = [
  {
    name: 'FIPS 180-4: SHA-256 of "abc"',
    digest: digests.sha256('abc'),
    hex: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    name: 'FIPS 180-4: SHA-256 of two blocks',
    digest: digests.sha256(TWO_BLOCKS),
    hex: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  },
  {
    name: 'FIPS 180-4: SHA-512 of "abc"',
    digest: digests.sha512('abc'),
    hex:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  },
]

for (const { name, digest, hex } of VECTORS) test(name, () => assert.equal(hexOf(digest), hex))

test('a hundred thousand digests are those of node:crypto', () => {
  const dice = createDice(0x1804)
  for (let at = 0; at < 100_000; at++) {
    const message = dice.bytes(dice.below(300))
    const [short, long] = [hash('sha256', message, 'hex'), hash('sha512', message, 'hex')]
    if (hexOf(digests.sha256(message)) !== short) assert.fail(message.toString('hex'))
    if (hexOf(digests.sha512(message)) !== long) assert.fail(message.toString('hex'))
  }
})

test('every length up to five blocks of SHA-256 is padded rightly, and the longest too', () => {
  const lengths = [...Array(321).keys(), 100_000]
  for (const length of lengths) {
    const message = Buffer.alloc(length, 0x5a)
    assert.equal(hexOf(digests.sha256(message)), hash('sha256', message, 'hex'), `${length}`)
    assert.equal(hexOf(digests.sha512(message)), hash('sha512', message, 'hex'), `${length}`)
  }
  assert.throws(() => digests.sha256(Buffer.alloc(1_000_000)), RangeError)
})
