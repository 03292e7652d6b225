// Inverses of many field elements for the price of one (Montgomery's trick), both lanes merged.
import { swapLanes } from './ed25519-point'
import { ENCODED, PAIR, PRODUCTS, WORK } from './ed25519-scratch'
import { gcdInvert25519 } from './gcd'
import { fromBytes, toBytes } from './generated/ed25519-bytes'
import { mul } from './generated/ed25519-field'

const BYTES = ENCODED
const MERGED = WORK + 10 * PAIR
const SWAPPED = WORK + 11 * PAIR
export const RUNNING = WORK + 12 * PAIR
const NEXT = WORK + 13 * PAIR

/**
 * target = 1 / source in both lanes, by one inversion of their product. Returns 1, or 0 if either
 * lane was zero: then nothing in target means anything.
 */
export function invertPair(target: usize, source: usize): i32 {
  swapLanes(SWAPPED, source)
  mul(MERGED, source, SWAPPED)
  toBytes(BYTES, MERGED)
  const isUsable = i32(v128.any_true(v128.or(v128.load(BYTES), v128.load(BYTES, 16))))
  gcdInvert25519(BYTES, BYTES)
  fromBytes(MERGED, BYTES)
  fromBytes(MERGED + 4, BYTES)
  mul(target, MERGED, SWAPPED)
  return isUsable
}

/**
 * Inverts the Z of `count` points, `stride` bytes apart, in place. Returns 1, or 0 if one of them
 * was zero.
 */
export function invertMany(first: usize, stride: usize, count: usize): i32 {
  let product = PRODUCTS
  let z = first
  for (let at: usize = 0; at < PAIR; at += 16) v128.store(product + at, v128.load(z + at))
  for (let done: usize = 1; done < count; done++) {
    z += stride
    mul(product + PAIR, product, z)
    product += PAIR
  }
  const isGood = invertPair(RUNNING, product)
  for (let left = count - 1; left > 0; left--) {
    product -= PAIR
    mul(NEXT, RUNNING, z)
    mul(z, RUNNING, product)
    for (let at: usize = 0; at < PAIR; at += 16) v128.store(RUNNING + at, v128.load(NEXT + at))
    z -= stride
  }
  for (let at: usize = 0; at < PAIR; at += 16) v128.store(z + at, v128.load(RUNNING + at))
  return isGood
}
