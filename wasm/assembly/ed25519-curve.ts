// Which coordinates and which bytes are points of the curve.
import { add, sub } from './ed25519-point'
import { ENCODED, PAIR, WORK } from './ed25519-scratch'
import { fromBytes, toBytes } from './generated/ed25519-bytes'
import { mul, square } from './generated/ed25519-field'
import { D, ONE, ROOT_OF_MINUS_ONE, SMALL_ORDER_Y } from './generated/ed25519-points'

const XX = WORK
const YY = WORK + PAIR
const LEFT = WORK + 2 * PAIR
const RIGHT = WORK + 3 * PAIR
const BYTES = ENCODED + 14 * 32

function isZero(bytes: usize): i32 {
  return i32(v128.any_true(v128.or(v128.load(bytes), v128.load(bytes, 16)))) ^ 1
}

/** 1 if y² - x² = 1 + d x² y² in the first `lanes` lanes, else 0. */
export function isOnCurve(x: usize, y: usize, lanes: usize): i32 {
  square(XX, x)
  square(YY, y)
  sub(LEFT, YY, XX)
  sub(LEFT, LEFT, ONE)
  mul(RIGHT, XX, YY)
  mul(RIGHT, RIGHT, D)
  sub(LEFT, LEFT, RIGHT)
  // Once through a product, so that the limbs are small enough to be written as bytes.
  mul(LEFT, LEFT, ONE)
  let isGood: i32 = 1
  for (let lane: usize = 0; lane < lanes; lane++) {
    toBytes(BYTES, LEFT + lane * 4)
    isGood &= isZero(BYTES)
  }
  return isGood
}

/** target = source^(2^252 - 3), which makes a square root (RFC 8032 §5.1.3). Public values only. */
function powerForRoot(target: usize, source: usize): void {
  const z2 = WORK + 4 * PAIR
  const z9 = WORK + 5 * PAIR
  const t = WORK + 6 * PAIR
  const u = WORK + 7 * PAIR
  const v = WORK + 8 * PAIR
  square(z2, source)
  squareTimes(t, z2, 2)
  mul(z9, t, source)
  mul(t, z9, z2)
  square(u, t)
  // t is 2^5 - 1 ones from here, then doubled in length.
  mul(t, u, z9)
  squareTimes(u, t, 5)
  mul(t, u, t)
  squareTimes(u, t, 10)
  mul(u, u, t)
  squareTimes(v, u, 20)
  mul(u, v, u)
  squareTimes(u, u, 10)
  mul(t, u, t)
  squareTimes(u, t, 50)
  mul(u, u, t)
  squareTimes(v, u, 100)
  mul(u, v, u)
  squareTimes(u, u, 50)
  mul(t, u, t)
  squareTimes(t, t, 2)
  mul(target, t, source)
}

function squareTimes(target: usize, source: usize, times: usize): void {
  square(target, source)
  for (let time: usize = 1; time < times; time++) square(target, target)
}

function isZeroPair(pair: usize): i32 {
  mul(LEFT, pair, ONE)
  toBytes(BYTES, LEFT)
  return isZero(BYTES)
}

/**
 * 1 if the 32 bytes at `left` and `right` are the same but for the sign of x. Public values only.
 */
function isSameY(left: usize, right: usize): bool {
  for (let at: usize = 0; at < 24; at += 8) {
    if (load<u64>(left + at) != load<u64>(right + at)) return false
  }
  return (load<u64>(left, 24) ^ load<u64>(right, 24)) << 1 == 0
}

/** 1 if the 32 bytes are one of the eight points whose order divides 8, which sign for anybody. */
export function isOfSmallOrder(bytes: usize): bool {
  for (let at: usize = 0; at < 5 * 32; at += 32) {
    if (isSameY(bytes, SMALL_ORDER_Y + at)) return true
  }
  return false
}

/** Whether y, the 32 bytes without their highest bit, is below p. */
function isCanonicalY(bytes: usize): bool {
  const top = load<u64>(bytes, 24) & 0x7fffffffffffffff
  if (top != 0x7fffffffffffffff) return true
  if ((load<u64>(bytes, 8) & load<u64>(bytes, 16)) != 0xffffffffffffffff) return true
  return load<u64>(bytes) < 0xffffffffffffffed
}

/**
 * Writes x and y of an encoded point in both lanes and returns 1, or returns 0 unless the bytes are
 * the one canonical spelling of a point of the curve. Public values only.
 */
export function decode(x: usize, y: usize, bytes: usize): i32 {
  const u = WORK + 9 * PAIR
  const v = WORK + 10 * PAIR
  const v3 = WORK + 11 * PAIR
  const root = WORK + 12 * PAIR
  if (!isCanonicalY(bytes)) return 0
  fromBytes(y, bytes)
  fromBytes(y + 4, bytes)
  square(u, y)
  mul(v, u, D)
  sub(u, u, ONE)
  add(v, v, ONE)
  square(v3, v)
  mul(v3, v3, v)
  square(root, v3)
  mul(root, root, v)
  mul(root, root, u)
  powerForRoot(root, root)
  mul(root, root, v3)
  mul(x, root, u)
  square(root, x)
  mul(root, root, v)
  // v x² is u, or -u where the root wants another factor, or u / v is no square.
  sub(v3, root, u)
  if (isZeroPair(v3) == 0) {
    add(v3, root, u)
    if (isZeroPair(v3) == 0) return 0
    mul(x, x, ROOT_OF_MINUS_ONE)
  }
  const sign = load<u8>(bytes, 31) >> 7
  if (isZeroPair(x) != 0) return i32(sign == 0)
  mul(x, x, ONE)
  toBytes(BYTES, x)
  if ((load<u8>(BYTES) & 1) != sign) negate(x)
  return 1
}

export function negate(pair: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    v128.store(pair + at, i32x4.neg(v128.load(pair + at)))
  }
}
