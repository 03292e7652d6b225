import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import test from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { publicKeyOf } from '../crypto/wasm-fixture.ts'
import { createDice } from './dice.ts'
import {
  createKnownKeys,
  forge,
  isNotCanonical,
  isOfSmallOrder,
  isRefusedByRuleAlone,
  littleEndian,
  SMALL_ORDER_LIST,
} from './ed25519-points.ts'

const PRIME = 2n ** 255n - 19n
const SIGN = 2n ** 255n

test('eight points are of small order, in fourteen spellings', () => {
  assert.equal(SMALL_ORDER_LIST.length, 14)
  const points = SMALL_ORDER_LIST.map((bytes) => ed25519.Point.fromBytes(bytes, true))
  assert.ok(points.every((point) => point.isSmallOrder()))
  assert.equal(new Set(points.map((point) => point.toHex())).size, 8)
  assert.equal(isOfSmallOrder(ed25519.Point.BASE.toBytes()), false)
})

test('an encoding is canonical when y is below the prime, whatever the sign', () => {
  for (const sign of [0n, SIGN]) {
    assert.equal(isNotCanonical(littleEndian((PRIME - 1n) | sign)), false)
    assert.equal(isNotCanonical(littleEndian(PRIME | sign)), true)
    assert.equal(isNotCanonical(littleEndian((PRIME + 18n) | sign)), true)
    assert.equal(isNotCanonical(littleEndian(9n | sign)), false)
  }
})

test('forged signatures are of every sort, also good but refused by our rule alone', () => {
  const dice = createDice('forge')
  const known = createKnownKeys(dice, 4)
  const sorts = new Map<string, number>()
  for (let at = 0; at < 60; at++) {
    const { publicKey, items } = forge(dice, known, 8)
    for (const { message, signature } of items) {
      const isGood = verify(null, message, publicKeyOf(publicKey), signature)
      const sort = `${isGood} ${isRefusedByRuleAlone(publicKey, signature)}`
      sorts.set(sort, (sorts.get(sort) ?? 0) + 1)
    }
  }
  assert.deepEqual([...sorts.keys()].sort(), [
    'false false',
    'false true',
    'true false',
    'true true',
  ])
})
