/**
 * Inverses by safegcd in constant time (Bernstein and Yang 2019, "Fast constant-time gcd computation
 * and modular inversion"), with the half-delta start that makes 590 steps enough for 256 bits.
 * Twenty rounds of thirty steps: a round works on the low bits alone and gathers its steps in a matrix.
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
import { GCD_BYTES, GCD_F, GCD_G } from './p256-layout'

const ROUNDS: i32 = 20
const STEPS: i32 = 30

/** The matrix of the last round: its upper row as u + 2^32 v, its lower as q + 2^32 r. */
let upper: i64 = 0
let lower: i64 = 0

/** Thirty steps from `zeta`; returns the zeta they end with. */
function steps(zetaBefore: i64): i64 {
  let zeta = zetaBefore
  let f = <i64>load<i32>(GCD_F)
  let g = <i64>load<i32>(GCD_G)
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
 * Writes the inverse mod 2^255 − 19 of the number at `source`, and 0 for 0. Both are 32 bytes, least
 * byte first and below the modulus.
 */
export function gcdInvert25519(target: usize, source: usize): void {
  start25519(source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper),
      v = (upper - u) >> 32
    const q = <i64>(<i32>lower),
      r = (lower - q) >> 32
    updateDe25519(u, v, q, r)
    updateFg(u, v, q, r)
  }
  finish25519(target)
  wipe()
}

/** As gcdInvert25519, mod the prime of P-256. */
export function gcdInvertP(target: usize, source: usize): void {
  startP(source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper),
      v = (upper - u) >> 32
    const q = <i64>(<i32>lower),
      r = (lower - q) >> 32
    updateDeP(u, v, q, r)
    updateFg(u, v, q, r)
  }
  finishP(target)
  wipe()
}

/** As gcdInvert25519, mod the order of P-256. */
export function gcdInvertN(target: usize, source: usize): void {
  startN(source)
  let zeta: i64 = -1
  for (let round = 0; round < ROUNDS; round++) {
    zeta = steps(zeta)
    const u = <i64>(<i32>upper),
      v = (upper - u) >> 32
    const q = <i64>(<i32>lower),
      r = (lower - q) >> 32
    updateDeN(u, v, q, r)
    updateFg(u, v, q, r)
  }
  finishN(target)
  wipe()
}

function wipe(): void {
  memory.fill(GCD_F, 0, GCD_BYTES)
  upper = 0
  lower = 0
}
