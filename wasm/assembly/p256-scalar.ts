/**
 * Numbers below the order of P-256 in 32 bytes, least byte first: their digits and their spelling.
 */
import { ORDER_0, ORDER_1, ORDER_2, ORDER_3 } from './p256-field'

/**
 * Cuts an odd number into odd signed digits without a zero, of any width: with all `bits` of them,
 * the digits are those of (k − 1)/2 + 2^(bits−1), doubled, less 2^width − 1. An even k is replaced
 * by the order less k, whose point is the opposite. Writes 40 bytes; returns −1 if it replaced k,
 * else 0. `bits` is from 256 to 320.
 */
export function recode(target: usize, scalar: usize, bits: i32): i64 {
  const k0 = load<u64>(scalar),
    k1 = load<u64>(scalar, 8)
  const k2 = load<u64>(scalar, 16),
    k3 = load<u64>(scalar, 24)
  const d0 = ORDER_0 - k0
  const b0 = ((~ORDER_0 & k0) | (~(ORDER_0 ^ k0) & d0)) >> 63
  const d1 = ORDER_1 - k1 - b0
  const b1 = ((~ORDER_1 & k1) | (~(ORDER_1 ^ k1) & d1)) >> 63
  const d2 = ORDER_2 - k2 - b1
  const b2 = ((~ORDER_2 & k2) | (~(ORDER_2 ^ k2) & d2)) >> 63
  const d3 = ORDER_3 - k3 - b2
  const odd = -(k0 & 1)
  const e0 = d0 ^ ((d0 ^ k0) & odd),
    e1 = d1 ^ ((d1 ^ k1) & odd)
  const e2 = d2 ^ ((d2 ^ k2) & odd),
    e3 = d3 ^ ((d3 ^ k3) & odd)
  store<u64>(target, (e0 >> 1) | (e1 << 63))
  store<u64>(target, (e1 >> 1) | (e2 << 63), 8)
  store<u64>(target, (e2 >> 1) | (e3 << 63), 16)
  store<u64>(target, e3 >> 1, 24)
  store<u64>(target, 0, 32)
  const top = target + (((bits - 1) >> 6) << 3)
  store<u64>(top, load<u64>(top) | ((<u64>1) << ((bits - 1) & 63)))
  return ~(<i64>odd)
}

/**
 * The digit of `width` bits at a position, as cut: its top bit is set where the digit is positive.
 */
export function digitAt(digits: usize, position: i32, width: i32): i32 {
  const bit = position * width
  return (load<i32>(digits + (bit >> 3)) >> (bit & 7)) & ((1 << width) - 1)
}

/** −1 for a digit whose entry is to be negated, else 0. */
export function digitSign(digit: i32, width: i32): i32 {
  return (digit >> (width - 1)) - 1
}

/** Which entry a digit chooses: entry i is 2i + 1 times the point. */
export function digitEntry(digit: i32, sign: i32, width: i32): i32 {
  return (digit ^ sign) & ((1 << (width - 1)) - 1)
}

/** The 32 bytes in the opposite order. */
export function reverse32(target: usize, source: usize): void {
  const a = bswap<u64>(load<u64>(source)),
    b = bswap<u64>(load<u64>(source, 8))
  const c = bswap<u64>(load<u64>(source, 16)),
    d = bswap<u64>(load<u64>(source, 24))
  store<u64>(target, d)
  store<u64>(target, c, 8)
  store<u64>(target, b, 16)
  store<u64>(target, a, 24)
}

export function copy32(target: usize, source: usize): void {
  v128.store(target, v128.load(source))
  v128.store(target, v128.load(source, 16), 16)
}
