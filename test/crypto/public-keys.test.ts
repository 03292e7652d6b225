import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import test from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ALGORITHMS } from '../../src/crypto/algorithm.ts'
import {
  nodePublicKeys,
  type PublicAlgorithm,
  type PublicKeys,
} from '../../src/crypto/public-keys.ts'
import { createWasmPublicKeys } from '../../src/crypto/wasm-public-keys.ts'
import { bytesOf, numberOf } from './p256-fixture.ts'
import { RSA_PAIR } from './rsa-fixture.ts'
import { createDice } from './wasm-fixture.ts'

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const rsa = RSA_PAIR
const PAIRS: Readonly<Record<PublicAlgorithm, Pair>> = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: rsa,
  PS256: rsa,
  ES256K: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
}
const NAMES = Object.keys(PAIRS) as readonly PublicAlgorithm[]
const MESSAGE = Buffer.from('what was signed')

function signatureOf(alg: PublicAlgorithm, message: Uint8Array = MESSAGE): Buffer {
  const { digest, options } = ALGORITHMS[alg === 'ES256K' ? 'ES256' : alg]
  return sign(digest, message, { ...options, key: PAIRS[alg].privateKey })
}

const spkiOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' })

const wasm = createWasmPublicKeys({ onProblem: (problem) => assert.fail(problem) })
const ENGINES: readonly [string, PublicKeys][] = [
  ['WebAssembly', wasm],
  ['node:crypto', nodePublicKeys],
]

for (const [name, keys] of ENGINES) {
  for (const alg of NAMES) {
    test(`${alg} verifies in ${name}, from DER as from a KeyObject, used once or often`, () => {
      const { publicKey } = PAIRS[alg]
      const signature = signatureOf(alg)
      for (const key of [publicKey, spkiOf(publicKey), new Uint8Array(spkiOf(publicKey))]) {
        const prepared = keys.prepare(alg, key)
        assert.equal(prepared?.alg, alg)
        for (let use = 0; use < 4; use++) {
          assert.equal(prepared?.verify(MESSAGE, signature), true)
          assert.equal(prepared?.verify(Buffer.from('another'), signature), false)
        }
        prepared?.forget()
        assert.equal(prepared?.verify(MESSAGE, signature), true)
      }
    })

    test(`a damaged ${alg} signature is refused in ${name}`, () => {
      const prepared = keys.prepare(alg, PAIRS[alg].publicKey)
      const signature = signatureOf(alg)
      for (let at = 0; at < signature.length; at += 7) {
        const altered = Buffer.from(signature)
        altered[at] = (altered[at] ?? 0) ^ 0x10
        assert.equal(prepared?.verify(MESSAGE, altered), false)
      }
      const wrongLengths = [
        Buffer.alloc(0),
        signature.subarray(1),
        Buffer.concat([signature, Buffer.alloc(1)]),
      ]
      for (const wrong of wrongLengths) assert.equal(prepared?.verify(MESSAGE, wrong), false)
    })

    test(`a message of 100 kB verifies by ${alg} in ${name}`, () => {
      const prepared = keys.prepare(alg, PAIRS[alg].publicKey)
      const message = Buffer.alloc(100_000, 3)
      for (let use = 0; use < 3; use++) {
        assert.equal(prepared?.verify(message, signatureOf(alg, message)), true)
      }
    })
  }

  test(`a key of another kind, curve or length is none, in ${name}`, () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
    for (const alg of NAMES) {
      for (const other of NAMES) {
        const isSameKind = PAIRS[alg].publicKey.asymmetricKeyType === 'rsa' && PAIRS[other] === rsa
        const isFit = keys.prepare(alg, PAIRS[other].publicKey) !== undefined
        assert.equal(isFit, alg === other || isSameKind, `${alg} with a key of ${other}`)
      }
      assert.equal(keys.prepare(alg, PAIRS[alg].privateKey), undefined)
      assert.equal(keys.prepare(alg, Buffer.from('no DER')), undefined)
      assert.equal(keys.prepare(alg, short), undefined)
      assert.equal(keys.prepare(alg, p384), undefined)
    }
  })
}

const K1_ORDER = secp256k1.Point.Fn.ORDER

/** What one number of a signature may be made into: in range, at its ends, or beyond it. */
const K1_CHANGES: readonly ((number: bigint) => bigint)[] = [
  (number) => number,
  (number) => K1_ORDER - number,
  (number) => (number + K1_ORDER) % 2n ** 256n,
  (number) => number ^ 1n,
  () => 0n,
  () => 1n,
  () => K1_ORDER,
  () => K1_ORDER - 1n,
  () => 2n ** 256n - 1n,
]

test('ES256K verdicts are those of noble, on good, altered and impossible signatures', () => {
  const dice = createDice(0x256b)
  const { publicKey } = PAIRS.ES256K
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const coordinates = [x, y].map((text) => Buffer.from(text, 'base64url'))
  const point = Buffer.concat([Buffer.of(4), ...coordinates])
  const prepared = ENGINES.map(([, keys]) => keys.prepare('ES256K', publicKey))
  let accepted = 0
  for (const changeR of K1_CHANGES) {
    for (const changeS of K1_CHANGES) {
      const message = dice.bytes(dice.below(200))
      const good = signatureOf('ES256K', message)
      const [r, s] = [good.subarray(0, 32), good.subarray(32)].map(numberOf) as [bigint, bigint]
      const signature = Buffer.concat([changeR(r), changeS(s)].map(bytesOf))
      const isValid = secp256k1.verify(signature, message, point, { lowS: false })
      for (const key of prepared) assert.equal(key?.verify(message, signature), isValid)
      accepted += Number(isValid)
    }
  }
  // As it is and with the other s.
  assert.equal(accepted, 2)
})
