/**
 * Inverses by safegcd in constant time (Bernstein and Yang 2019, "Fast constant-time gcd
 * computation and modular inversion"), with the half-delta start that makes 590 steps enough for
 * 256 bits. Twenty rounds of thirty steps: a round works on the low bits alone and gathers its
 * steps in a matrix.
 */
import {
  finish25519,
  finishN,
  finishP,
  start25519,
  startN,
  startP,
  updateDe25519,
  updateDeN,
  updateDeP,
  updateFg,
} from './generated/gcd'
import { GCD, GCD_BYTES, GCD_SECOND } from './p256-layout'

const ROUNDS: i32 = 20
const STEPS: i32 = 30

/** The matrix of the last round: its upper row as u + 2^32 v, its lower as q + 2^32 r. */
let upper: i64 = 0
let lower: i64 = 0

/** Thirty steps from `zeta`; returns the zeta they end with. */
function steps(zetaBefore: i64): i64 {
  let zeta = zetaBefore
  let f = <i64>load<i32>(GCD)
  let g = <i64>load<i32>(GCD, 48)
  // Both entries of a row go through the same sums, so one word carries them side by side.
  let top: i64 = 1
  let low: i64 = 1 << 32
  for (let step = 0; step < STEPS; step++) {
    let swap = zeta >> 63
    const odd = -(g & 1)
    g += ((f ^ swap) - swap) & odd
    low += ((top ^ swap) - swap) & odd
    swap &= odd
    zeta = (zeta ^ swap) - 1
    f += g & swap
    top += low & swap
    g >>= 1
    top <<= 1
  }
  upper = top
  lower = low
  return zeta
}

/**
 * Writes the inverse mod 2^255 − 19 of the number at `source`, and 0 for 0. Both are 32 bytes,
 * least byte first and below the modulus.
 */
export function gcdInvert25519(target: usize, source: usize): void {
  start25519(GCD, source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper)
    const q = <i64>(<i32>lower)
    updateDe25519(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
    updateFg(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
  }
  finish25519(target, GCD)
  wipe()
}

/** As gcdInvert25519, mod the prime of P-256. */
export function gcdInvertP(target: usize, source: usize): void {
  startP(GCD, source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper)
    const q = <i64>(<i32>lower)
    updateDeP(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
    updateFg(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
  }
  finishP(target, GCD)
  wipe()
}

/** As gcdInvert25519, mod the order of P-256. */
export function gcdInvertN(target: usize, source: usize): void {
  startN(GCD, source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper)
    const q = <i64>(<i32>lower)
    updateDeN(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
    updateFg(GCD, u, (upper - u) >> 32, q, (lower - q) >> 32)
  }
  finishN(target, GCD)
  wipe()
}

/**
 * gcdInvertP and gcdInvertN at once: a step waits for the one before it, so two numbers in the
 * lanes of a vector take little longer than one. Saves one signature a third of its two inversions.
 */
export function gcdInvertBoth(
  targetP: usize,
  sourceP: usize,
  targetN: usize,
  sourceN: usize,
): void {
  startP(GCD, sourceP)
  startN(GCD_SECOND, sourceN)
  const zero = i64x2.splat(0)
  const one = i64x2.splat(1)
  let zeta = i64x2.splat(-1)
  for (let round = 0; round < ROUNDS; round++) {
    // The words above the low limb are of no account: thirty shifts do not bring them down.
    let f = v128.load32_lane(GCD_SECOND, v128.load32_zero(GCD), 2)
    let g = v128.load32_lane(GCD_SECOND, v128.load32_zero(GCD, 48), 2, 48)
    let top = one
    let low = i64x2.splat(1 << 32)
    for (let step = 0; step < STEPS; step++) {
      let swap = i64x2.lt_s(zeta, zero)
      const odd = i64x2.sub(zero, v128.and(g, one))
      g = i64x2.add(g, v128.and(i64x2.sub(v128.xor(f, swap), swap), odd))
      low = i64x2.add(low, v128.and(i64x2.sub(v128.xor(top, swap), swap), odd))
      swap = v128.and(swap, odd)
      zeta = i64x2.sub(v128.xor(zeta, swap), one)
      f = i64x2.add(f, v128.and(g, swap))
      top = i64x2.add(top, v128.and(low, swap))
      g = i64x2.shr_u(g, 1)
      top = i64x2.shl(top, 1)
    }
    const topP = i64x2.extract_lane(top, 0),
      lowP = i64x2.extract_lane(low, 0)
    const uP = <i64>(<i32>topP),
      qP = <i64>(<i32>lowP)
    updateDeP(GCD, uP, (topP - uP) >> 32, qP, (lowP - qP) >> 32)
    updateFg(GCD, uP, (topP - uP) >> 32, qP, (lowP - qP) >> 32)
    const topN = i64x2.extract_lane(top, 1),
      lowN = i64x2.extract_lane(low, 1)
    const uN = <i64>(<i32>topN),
      qN = <i64>(<i32>lowN)
    updateDeN(GCD_SECOND, uN, (topN - uN) >> 32, qN, (lowN - qN) >> 32)
    updateFg(GCD_SECOND, uN, (topN - uN) >> 32, qN, (lowN - qN) >> 32)
  }
  finishP(targetP, GCD)
  finishN(targetN, GCD_SECOND)
  wipe()
}

function wipe(): void {
  memory.fill(GCD, 0, 2 * GCD_BYTES)
  upper = 0
  lower = 0
}
