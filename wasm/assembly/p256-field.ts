/**
 * Pairs of numbers mod the prime and the order of P-256, beside the generated products: sums,
 * differences, bytes in and out, inverses. A pair is nine words of each number, interleaved.
 */
import { gcdInvertN, gcdInvertP } from './gcd'
import { mulN, mulP, ONE_P, R2_N, R2_P, UNIT } from './generated/p256'
import { NUMBER_A, NUMBER_B, PAIR_A, PAIR_B, PAIR_BYTES } from './p256-layout'

const MASK: u64 = 0x1fffffff

const PRIME_0: u64 = 0xffffffffffffffff
const PRIME_1: u64 = 0x00000000ffffffff
const PRIME_2: u64 = 0
const PRIME_3: u64 = 0xffffffff00000001

export const ORDER_0: u64 = 0xf3b9cac2fc632551
export const ORDER_1: u64 = 0xbce6faada7179e84
export const ORDER_2: u64 = 0xffffffffffffffff
export const ORDER_3: u64 = 0xffffffff00000000

/** Negates the first number if `first` is −1, the second if `second` is; 0 leaves them. */
export function negateWhere(target: usize, first: i64, second: i64): void {
  const signs = i64x2.splat((first & 0xffffffff) | (second << 32))
  for (let at: usize = 0; at < 64; at += 16) {
    v128.store(target + at, i32x4.sub(v128.xor(v128.load(target + at), signs), signs))
  }
  const last = v128.load64_zero(target, 64)
  v128.store64_lane(target, i32x4.sub(v128.xor(last, signs), signs), 0, 64)
}

/** The two numbers in each other's place. */
export function swapPair(target: usize, source: usize): void {
  for (let at: usize = 0; at < PAIR_BYTES; at += 8) {
    store<u64>(target + at, rotl<u64>(load<u64>(source + at), 32))
  }
}

/** Reads 32 bytes, least first, into one number of a pair: `lane` is 0 or 1. */
export function toLane(pair: usize, lane: usize, source: usize): void {
  const target = pair + lane * 4
  const a = load<u64>(source),
    b = load<u64>(source, 8)
  const c = load<u64>(source, 16),
    d = load<u64>(source, 24)
  store<u32>(target, u32(a & MASK))
  store<u32>(target, u32((a >> 29) & MASK), 8)
  store<u32>(target, u32(((a >> 58) | (b << 6)) & MASK), 16)
  store<u32>(target, u32((b >> 23) & MASK), 24)
  store<u32>(target, u32(((b >> 52) | (c << 12)) & MASK), 32)
  store<u32>(target, u32((c >> 17) & MASK), 40)
  store<u32>(target, u32(((c >> 46) | (d << 18)) & MASK), 48)
  store<u32>(target, u32((d >> 11) & MASK), 56)
  store<u32>(target, u32(d >> 40), 64)
}

/** Writes one number of a pair, whose limbs are all carried, as 32 bytes, least first. */
export function fromLane(target: usize, pair: usize, lane: usize): void {
  const source = pair + lane * 4
  const l2 = <u64>load<u32>(source, 16),
    l4 = <u64>load<u32>(source, 32)
  const l6 = <u64>load<u32>(source, 48)
  store<u64>(target, <u64>load<u32>(source) | ((<u64>load<u32>(source, 8)) << 29) | (l2 << 58))
  store<u64>(target, (l2 >> 6) | ((<u64>load<u32>(source, 24)) << 23) | (l4 << 52), 8)
  store<u64>(target, (l4 >> 12) | ((<u64>load<u32>(source, 40)) << 17) | (l6 << 46), 16)
  const top = ((<u64>load<u32>(source, 56)) << 11) | ((<u64>load<u32>(source, 64)) << 40)
  store<u64>(target, (l6 >> 18) | top, 24)
}

function subtractWhereNotBelow(at: usize, m0: u64, m1: u64, m2: u64, m3: u64): i64 {
  const a0 = load<u64>(at),
    a1 = load<u64>(at, 8)
  const a2 = load<u64>(at, 16),
    a3 = load<u64>(at, 24)
  const d0 = a0 - m0
  const b0 = u64(a0 < m0)
  const d1 = a1 - m1 - b0
  const b1 = ((~a1 & m1) | (~(a1 ^ m1) & d1)) >> 63
  const d2 = a2 - m2 - b1
  const b2 = ((~a2 & m2) | (~(a2 ^ m2) & d2)) >> 63
  const d3 = a3 - m3 - b2
  const below = -(((~a3 & m3) | (~(a3 ^ m3) & d3)) >> 63)
  store<u64>(at, d0 ^ ((d0 ^ a0) & below))
  store<u64>(at, d1 ^ ((d1 ^ a1) & below), 8)
  store<u64>(at, d2 ^ ((d2 ^ a2) & below), 16)
  store<u64>(at, d3 ^ ((d3 ^ a3) & below), 24)
  return below
}

/**
 * Takes the order off the 32-byte number at `at` unless it is below; returns −1 if it was, else 0.
 */
export function reduceOnceN(at: usize): i64 {
  return subtractWhereNotBelow(at, ORDER_0, ORDER_1, ORDER_2, ORDER_3)
}

/** As reduceOnceN, by the prime. */
export function reduceOnceP(at: usize): i64 {
  return subtractWhereNotBelow(at, PRIME_0, PRIME_1, PRIME_2, PRIME_3)
}

/** 1 if the 32 bytes are all zero, else 0. */
export function isZero(at: usize): i32 {
  return i32(v128.any_true(v128.or(v128.load(at), v128.load(at, 16)))) ^ 1
}

/** 1 if the 32-byte number is from 1 to the order less 1, else 0. Uses what NUMBER_A is. */
export function isScalar(at: usize): i32 {
  v128.store(NUMBER_A, v128.load(at))
  v128.store(NUMBER_A, v128.load(at, 16), 16)
  const below = reduceOnceN(NUMBER_A)
  return i32(v128.any_true(i64x2.splat(below))) & (isZero(at) ^ 1)
}

/**
 * Both numbers of a pair out of Montgomery's form and reduced, as 32 bytes each: the first at
 * `target`, the second behind it. The product with one is at most the prime.
 */
export function canonicalP(target: usize, pair: usize): void {
  mulP(PAIR_A, pair, ONE_P)
  mulP(PAIR_A, PAIR_A, UNIT)
  fromLane(target, PAIR_A, 0)
  fromLane(target + 32, PAIR_A, 1)
  reduceOnceP(target)
  reduceOnceP(target + 32)
}

/** As canonicalP, mod the order. */
export function canonicalN(target: usize, pair: usize): void {
  mulN(PAIR_A, pair, UNIT)
  fromLane(target, PAIR_A, 0)
  fromLane(target + 32, PAIR_A, 1)
  reduceOnceN(target)
  reduceOnceN(target + 32)
}

/**
 * Inverts both numbers, which are in Montgomery's form, by one inversion of their product. Returns
 * 0 if one of them is zero: neither inverse is written then.
 */
export function invertPairP(target: usize, pair: usize): i32 {
  swapPair(PAIR_B, pair)
  mulP(target, pair, PAIR_B)
  canonicalP(NUMBER_A, target)
  if (isZero(NUMBER_A)) return 0
  gcdInvertP(NUMBER_B, NUMBER_A)
  toLane(target, 0, NUMBER_B)
  toLane(target, 1, NUMBER_B)
  mulP(target, target, R2_P)
  mulP(target, target, PAIR_B)
  return 1
}

/** As invertPairP, mod the order. */
export function invertPairN(target: usize, pair: usize): i32 {
  swapPair(PAIR_B, pair)
  mulN(target, pair, PAIR_B)
  canonicalN(NUMBER_A, target)
  if (isZero(NUMBER_A)) return 0
  gcdInvertN(NUMBER_B, NUMBER_A)
  toLane(target, 0, NUMBER_B)
  toLane(target, 1, NUMBER_B)
  mulN(target, target, R2_N)
  mulN(target, target, PAIR_B)
  return 1
}
