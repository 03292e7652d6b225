// Signatures and keys that chance does not bring about, but somebody who makes their own key can.
import assert from 'node:assert/strict'
import test from 'node:test'
import { p256 } from '@noble/curves/nist.js'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import {
  bytesOf,
  cubic,
  inverseOf,
  keyPairOf,
  mod,
  numberOf,
  ORDER,
  PRIME,
  rootOf,
} from './p256-fixture.ts'
import { createDice } from './wasm-fixture.ts'

const instance = createWasmInstance({ keyTablesBytesMax: 1 << 20 })
instance.entry('p256StartVerifying')()

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

/**
 * A key, digest and s for which u1 and u2 give the chosen point: its discrete logarithm is not
 * needed.
 */
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

/**
 * The digits a scalar is cut into, as multiples of powers of two; their sum is the scalar mod the
 * order.
 */
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

test('a digest of zero is left to another implementation', () => {
  const pair = keyPairOf(bytesOf(33n))
  assert.equal(verdictOn(pair.point, 0n, 5n, 7n), 2)
})
