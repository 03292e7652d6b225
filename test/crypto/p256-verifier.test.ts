import assert from 'node:assert/strict'
import test from 'node:test'
import { p256 } from '@noble/curves/nist.js'
import type { P256Key } from '../../src/crypto/p256-verifier.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { KeyPair } from './p256-fixture.ts'
import {
  bytesOf,
  cubic,
  isValidByNode,
  keyPairOf,
  numberOf,
  ORDER,
  PRIME,
  rootOf,
  signByNode,
} from './p256-fixture.ts'
import { createDice } from './wasm-fixture.ts'

const CASES_COUNT = 10_000
const CASES_PER_KEY = 2_000
const NOBLE_CASES_COUNT = 200
const TABLES_MAX = 4

const KEY_BYTES = createWasmInstance().entry('p256KeyBytes')()
const instance = createWasmInstance({ keyTablesBytesMax: 8 << 20 })
const keys = createP256Keys(instance, { usesBeforeTable: 1 })

function prepared(key: { point: Uint8Array }): P256Key {
  const found = keys.prepare(key.point)
  assert.ok(found)
  return found
}

// Verdicts on a hundred thousand signatures of ours, which node:crypto judges too, are compared
// where those are made: in the test of the signer.
test('ten thousand signatures of node:crypto are valid, and not with one bit flipped', () => {
  const dice = createDice(0x186)
  for (let done = 0; done < CASES_COUNT; done += CASES_PER_KEY) {
    const pair = keyPairOf(dice.bytes(32))
    const key = prepared(pair)
    for (let index = 0; index < CASES_PER_KEY; index++) {
      const message = dice.bytes(dice.below(300))
      const signature = signByNode(pair, message)
      const isRight = key.verify(message, signature)
      const at = dice.below(64)
      signature[at] = (signature[at] ?? 0) ^ (1 << dice.below(8))
      if (!isRight || key.verify(message, signature)) assert.fail(`Case ${done + index} is wrong.`)
    }
    key.forget()
  }
  assert.equal(keys.tablesCount(), 0)
})

test('noble and this say the same of its own signatures and of altered ones', () => {
  const dice = createDice(0x0b1e)
  for (let done = 0; done < NOBLE_CASES_COUNT; done++) {
    const pair = keyPairOf(dice.bytes(32))
    const [key, message] = [prepared(pair), dice.bytes(dice.below(200))]
    const signature = Buffer.from(p256.sign(message, pair.secret, { lowS: false }))
    assert.equal(key.verify(message, signature), true)
    assert.equal(key.verify(Buffer.concat([message, Buffer.of(0)]), signature), false)
    key.forget()
  }
})

test('a signature and its twin with the opposite s are both valid, as in RFC 7518', () => {
  const pair = keyPairOf(bytesOf(21n))
  const message = Buffer.from('twin')
  const signature = signByNode(pair, message)
  const twin = Buffer.concat([
    signature.subarray(0, 32),
    bytesOf(ORDER - numberOf(signature.subarray(32))),
  ])
  assert.equal(prepared(pair).verify(message, signature), true)
  assert.equal(prepared(pair).verify(message, twin), true)
})

const OUT_OF_RANGE = [0n, ORDER, ORDER + 1n, PRIME, 2n ** 256n - 1n]

test('r and s out of their range are refused, with a table and without', () => {
  const pair = keyPairOf(bytesOf(22n))
  const message = Buffer.from('range')
  const signature = signByNode(pair, message)
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  const slow = createP256Keys(createWasmInstance(), { usesBeforeTable: 1000 }).prepare(pair.point)
  for (const key of [prepared(pair), slow]) {
    assert.equal(key?.verify(message, signature), true)
    for (const bad of OUT_OF_RANGE) {
      assert.equal(key?.verify(message, Buffer.concat([bytesOf(bad), s])), false)
      assert.equal(key?.verify(message, Buffer.concat([r, bytesOf(bad)])), false)
      for (const other of OUT_OF_RANGE) {
        const both = Buffer.concat([bytesOf(bad), bytesOf(other)])
        assert.equal(key?.verify(message, both), false)
      }
    }
    // The same residues, one order further: a second spelling of a valid signature.
    for (const number of [1n, 2n ** 64n]) {
      assert.equal(key?.verify(message, Buffer.concat([bytesOf(ORDER + number), s])), false)
    }
  }
})

test('a signature of any length but 64 is refused, and so is DER', () => {
  const pair = keyPairOf(bytesOf(23n))
  const message = Buffer.from('length')
  const signature = signByNode(pair, message)
  const key = prepared(pair)
  for (const length of [0, 1, 32, 63]) {
    assert.equal(key.verify(message, signature.subarray(0, length)), false)
  }
  for (const more of [1, 2, 64]) {
    assert.equal(key.verify(message, Buffer.concat([signature, Buffer.alloc(more)])), false)
    assert.equal(key.verify(message, Buffer.concat([Buffer.alloc(more), signature])), false)
  }
  const der = p256.sign(message, pair.secret, { lowS: false, format: 'der' })
  assert.equal(key.verify(message, der), false)
})

test('a key that is no point of the curve is none', () => {
  const { point } = keyPairOf(bytesOf(24n))
  const [x, y] = [point.subarray(0, 32), point.subarray(32)]
  const atX5 = p256.Point.fromAffine({ x: 5n, y: rootOf(cubic(5n)) ?? 0n })
  const refused = [
    { name: 'y off by one', bytes: [x, bytesOf(numberOf(y) + 1n)] },
    { name: 'x and y swapped', bytes: [y, x] },
    { name: 'zero', bytes: [bytesOf(0n), bytesOf(0n)] },
    { name: 'x of the prime', bytes: [bytesOf(PRIME), y] },
    { name: 'a second spelling of x', bytes: [bytesOf(5n + PRIME), bytesOf(atX5.y)] },
    { name: 'y of all ones', bytes: [x, Buffer.alloc(32, 0xff)] },
    { name: 'a leading 4', bytes: [Buffer.of(4), point] },
    { name: '63 bytes', bytes: [point.subarray(1)] },
    { name: 'nothing', bytes: [] },
  ]
  for (const { name, bytes } of refused) {
    assert.equal(keys.prepare(Buffer.concat(bytes)), undefined, name)
  }
  assert.ok(keys.prepare(Buffer.concat([bytesOf(5n), bytesOf(atX5.y)])))
  assert.ok(keys.prepare(Buffer.concat([x, bytesOf(PRIME - numberOf(y))])))
})

test('what the module leaves undecided node:crypto decides', () => {
  const pair = keyPairOf(bytesOf(31n))
  const undecided = createP256Keys(
    { ...instance, entry: (name) => (name === 'p256Verify' ? () => 2 : instance.entry(name)) },
    { usesBeforeTable: 1 },
  ).prepare(pair.point)
  const message = Buffer.from('undecided')
  const signature = signByNode(pair, message)
  assert.equal(undecided?.verify(message, signature), true)
  assert.equal(undecided?.verify(Buffer.from('Undecided'), signature), false)
})

test('tables are bounded by the room, taken over by keys in use, and given back', () => {
  const small = createWasmInstance({ keyTablesBytesMax: 0 })
  const fixedAt = small.entry('p256KeysAt')()
  const spare = Math.floor((small.bytes.length - fixedAt) / KEY_BYTES)
  const bounded = createP256Keys(
    { ...small, bytes: small.bytes.subarray(0, fixedAt + TABLES_MAX * KEY_BYTES) as Buffer },
    { usesBeforeTable: 2 },
  )
  assert.ok(spare >= TABLES_MAX)
  assert.equal(bounded.tablesMax, TABLES_MAX)
  const message = Buffer.from('bound')
  const pairs = Array.from({ length: TABLES_MAX + 2 }, (_, index) =>
    keyPairOf(bytesOf(BigInt(40 + index))),
  )
  const made = pairs.map((pair) => ({ key: bounded.prepare(pair.point), pair }))
  const use = ({ key, pair }: { key: P256Key | undefined; pair: KeyPair }) => {
    const signature = signByNode(pair, message)
    assert.ok(isValidByNode(pair, message, signature))
    assert.equal(key?.verify(message, signature), true)
    assert.equal(key?.verify(Buffer.of(1), signature), false)
  }
  made.forEach((each, index) => {
    assert.equal(bounded.tablesCount(), Math.min(index, TABLES_MAX))
    use(each)
  })
  assert.equal(bounded.tablesCount(), TABLES_MAX)
  const last = made.at(-1)
  for (let round = 0; round < 20 && last !== undefined; round++) use(last)
  for (const each of made) use(each)
  assert.equal(bounded.tablesCount(), TABLES_MAX)
  for (const { key } of made) key?.forget()
  assert.equal(bounded.tablesCount(), 0)
  for (const each of made) use(each)
})
