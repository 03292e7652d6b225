import assert from 'node:assert/strict'
import test from 'node:test'
import { p256 } from '@noble/curves/nist.js'
import type { P256Key } from '../../src/crypto/p256-verifier.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { KeyPair } from './p256-fixture.ts'
import {
  bytesOf,
  inverseOf,
  isValidByNode,
  keyPairOf,
  mod,
  numberOf,
  ORDER,
  PRIME,
  signByNode,
} from './p256-fixture.ts'
import { createDice } from './wasm-fixture.ts'

const CASES_COUNT = 100_000
const CASES_PER_KEY = 2_000
const NOBLE_EVERY = 500
const TABLES_MAX = 4

const KEY_BYTES = createWasmInstance().entry('p256KeyBytes')()
const instance = createWasmInstance({ keyTablesBytesMax: 8 << 20 })
const keys = createP256Keys(instance, { usesBeforeTable: 1 })

function prepared(key: { point: Uint8Array }): P256Key {
  const found = keys.prepare(key.point)
  assert.ok(found)
  return found
}

test('a hundred thousand signatures of node:crypto are valid, and not with one bit flipped', () => {
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
  for (let done = 0; done < CASES_COUNT / NOBLE_EVERY; done++) {
    const pair = keyPairOf(dice.bytes(32))
    const [key, message] = [prepared(pair), dice.bytes(dice.below(200))]
    const signature = Buffer.from(p256.sign(message, pair.secret, { lowS: false }))
    assert.equal(key.verify(message, signature), true)
    assert.equal(key.verify(Buffer.concat([message, Buffer.of(0)]), signature), false)
    key.forget()
  }
})

test('a signature and its twin with the opposite s are both valid: RFC 7518 asks for no low s', () => {
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

/** y² of the curve. */
function cubic(x: bigint): bigint {
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
  return mod(x * x * x - 3n * x + b, PRIME)
}

/** The square root mod the prime, which is 3 mod 4; `undefined` for a number that is no square. */
function rootOf(square: bigint): bigint | undefined {
  let [root, base] = [1n, square]
  for (let exponent = (PRIME + 1n) / 4n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) root = (root * base) % PRIME
    base = (base * base) % PRIME
  }
  return (root * root) % PRIME === square ? root : undefined
}

const HASHED = 0xffff_ffff

/** What the module says of a digest and a signature by a key with a table. */
function verdictOn(point: Uint8Array, digest: bigint, r: bigint, s: bigint): number {
  const { bytes, parametersAt, messagesAt, entry } = instance
  const tableAt = entry('p256KeysAt')()
  bytes.set(point, parametersAt)
  assert.equal(entry('p256PrepareKey')(tableAt), 1)
  bytes.set(bytesOf(digest), messagesAt)
  bytes.set(Buffer.concat([bytesOf(r), bytesOf(s)]), parametersAt)
  return entry('p256Verify')(tableAt, HASHED)
}

/** A key, digest and s for which u1 and u2 give the chosen point: its discrete logarithm is not needed. */
function craft(target: typeof p256.Point.BASE, u1: bigint, u2: bigint) {
  const { x } = target.toAffine()
  const rest = target.subtract(p256.Point.BASE.multiply(u1))
  const key = rest.multiply(inverseOf(u2, ORDER))
  const r = mod(x, ORDER)
  const s = mod(r * inverseOf(u2, ORDER), ORDER)
  return { point: key.toBytes(false).subarray(1), digest: mod(u1 * s, ORDER), r, s }
}

test('an x between the order and the prime is r plus the order', () => {
  const dice = createDice(0xe4)
  let found = 0
  for (let x = ORDER; found < 8; x++) {
    const y = rootOf(cubic(x))
    if (y === undefined) continue
    found++
    const [u1, u2] = [mod(numberOf(dice.bytes(32)), ORDER), mod(numberOf(dice.bytes(32)), ORDER)]
    const { point, digest, r, s } = craft(p256.Point.fromAffine({ x, y }), u1, u2)
    const signature = Buffer.concat([bytesOf(r), bytesOf(s)])
    const options = { prehash: false, lowS: false }
    const full = Buffer.concat([Buffer.of(4), point])
    assert.equal(p256.verify(signature, bytesOf(digest), full, options), r !== 0n)
    assert.equal(verdictOn(point, digest, r, s), r === 0n ? 0 : 1)
    assert.equal(verdictOn(point, digest, x, s), 0, 'r itself must be below the order')
    if (r > 1n) assert.equal(verdictOn(point, digest, r - 1n, s), 0)
  }
})

test('an r below the prime less the order whose point has x = r is valid too', () => {
  const dice = createDice(0xe5)
  for (const start of [1n, PRIME - ORDER - 40n, PRIME - ORDER, PRIME - ORDER + 1n]) {
    let x = start
    while (rootOf(cubic(x)) === undefined) x++
    const y = rootOf(cubic(x)) ?? 0n
    const [u1, u2] = [mod(numberOf(dice.bytes(32)), ORDER), mod(numberOf(dice.bytes(32)), ORDER)]
    const { point, digest, r, s } = craft(p256.Point.fromAffine({ x, y }), u1, u2)
    assert.equal(verdictOn(point, digest, r, s), 1)
    assert.equal(verdictOn(point, digest, r + 1n, s), 0)
  }
})

/** The digits a scalar is cut into, as multiples of powers of two; their sum is the scalar mod the order. */
function digitsOf(scalar: bigint, width: number, positions: number): bigint[] {
  const isOdd = (scalar & 1n) === 1n
  const odd = isOdd ? scalar : ORDER - scalar
  const cut = (odd >> 1n) + (1n << BigInt(width * positions - 1))
  const all = (1n << BigInt(width)) - 1n
  return Array.from({ length: positions }, (_, position) => {
    const shift = BigInt(position * width)
    const digit = 2n * ((cut >> shift) & all) - all
    return (isOdd ? digit : -digit) << shift
  })
}

test('a key made so that a point meets itself is left to another implementation', () => {
  const dice = createDice(0xc011)
  const options = { prehash: false, lowS: false }
  for (const sign of [1n, -1n]) {
    const [u1, u2] = [mod(numberOf(dice.bytes(32)), ORDER), mod(numberOf(dice.bytes(32)), ORDER)]
    const terms = [
      ...digitsOf(u1, 9, 29).map((digit) => [digit, 0n] as const),
      ...digitsOf(u2, 7, 37).map((digit) => [0n, digit] as const),
    ]
    const lane = (parity: number) =>
      terms.reduce(
        ([base, key], term, at) =>
          at % 2 === parity ? ([base + term[0], key + term[1]] as const) : ([base, key] as const),
        [0n, 0n] as readonly [bigint, bigint],
      )
    const [even, odd] = [lane(0), lane(1)]
    // even = sign · odd, as multiples of the base point: one equation for the key's logarithm.
    const top = sign * odd[0] - even[0]
    const secret = mod(top * inverseOf(even[1] - sign * odd[1], ORDER), ORDER)
    assert.ok(secret > 0n)
    const pair = keyPairOf(bytesOf(secret))
    const logarithm = mod(u1 + u2 * secret, ORDER)
    if (sign === 1n) {
      const { x } = p256.Point.BASE.multiply(logarithm).toAffine()
      const r = mod(x, ORDER)
      const s = mod(r * inverseOf(u2, ORDER), ORDER)
      const digest = mod(u1 * s, ORDER)
      assert.equal(verdictOn(pair.point, digest, r, s), 2)
      const signature = Buffer.concat([bytesOf(r), bytesOf(s)])
      const full = Buffer.concat([Buffer.of(4), pair.point])
      assert.equal(p256.verify(signature, bytesOf(digest), full, options), true)
    } else {
      // The sum is the point at infinity, which has no x; any r would do to ask.
      assert.equal(logarithm, 0n)
      const s = mod(5n * inverseOf(u2, ORDER), ORDER)
      assert.equal(verdictOn(pair.point, mod(u1 * s, ORDER), 5n, s), 2)
    }
  }
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

test('the digest zero is decided as node:crypto decides it', () => {
  const pair = keyPairOf(bytesOf(33n))
  assert.equal(verdictOn(pair.point, 0n, 5n, 7n), 2)
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
