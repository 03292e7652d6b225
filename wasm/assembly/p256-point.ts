/**
 * Points of P-256, two at a time. A running sum is kept as X, Y, ZZ, ZZZ (x = X/ZZ, y = Y/ZZZ,
 * ZZ³ = ZZZ²; the formulas are madd-2008-s, add-2008-s and dbl-2008-s-1 of the Explicit-Formulas
 * Database): ten products for adding an affine point. None of them is right for a point and
 * itself, or its opposite: ZZ becomes zero then and stays zero, which every caller looks for.
 */
import {
  add,
  CURVE_B_P,
  copyPair,
  mulLessP,
  mulP,
  ONE_P,
  sqrLessP,
  sqrP,
  sub,
  THREE_P,
  TWO_P,
} from './generated/p256'
import { unpackNumbers } from './generated/p256-lookup'
import { canonicalP, isZero, swapPair } from './p256-field'
import { NUMBER_A, PAIR_BYTES, POINT_SCRATCH } from './p256-layout'

export const SUM_X: usize = 0
export const SUM_Y: usize = PAIR_BYTES
export const SUM_ZZ: usize = 2 * PAIR_BYTES
export const SUM_ZZZ: usize = 3 * PAIR_BYTES
/** A running sum in memory, for both lanes. */
export const SUM_BYTES: usize = 4 * PAIR_BYTES

const T0: usize = POINT_SCRATCH
const T1: usize = POINT_SCRATCH + 80
const T2: usize = POINT_SCRATCH + 160
const T3: usize = POINT_SCRATCH + 240
const T4: usize = POINT_SCRATCH + 320
const T5: usize = POINT_SCRATCH + 400
const T6: usize = POINT_SCRATCH + 480

/** Two points of a table, 64 bytes each, into the two lanes. Reads five bytes behind each. */
export function unpackPoints(target: usize, a: usize, b: usize): void {
  unpackNumbers(target, a, b)
  unpackNumbers(target + PAIR_BYTES, a + 32, b + 32)
}

/** A running sum that is the two points. */
export function startSums(sum: usize, points: usize): void {
  copyPair(sum, points)
  copyPair(sum + PAIR_BYTES, points + PAIR_BYTES)
  copyPair(sum + SUM_ZZ, ONE_P)
  copyPair(sum + SUM_ZZZ, ONE_P)
}

/** Adds the two points to the two running sums. */
export function addPoints(sum: usize, points: usize): void {
  mulP(T0, points, sum + SUM_ZZ)
  mulP(T1, points + PAIR_BYTES, sum + SUM_ZZZ)
  sub(T0, T0, sum + SUM_X)
  sub(T1, T1, sum + SUM_Y)
  finishAddition(sum)
}

/**
 * The common end of both additions: T0 is the difference of the x, T1 of the y, over a common
 * denominator whose part already is in ZZ and ZZZ.
 */
function finishAddition(sum: usize): void {
  sqrP(T2, T0)
  mulP(T3, T0, T2)
  mulP(T4, sum + SUM_X, T2)
  add(T5, T4, T4)
  add(T5, T5, T3)
  sqrLessP(sum + SUM_X, T1, T5)
  sub(T4, T4, sum + SUM_X)
  mulP(T5, sum + SUM_Y, T3)
  mulLessP(sum + SUM_Y, T1, T4, T5)
  mulP(sum + SUM_ZZ, sum + SUM_ZZ, T2)
  mulP(sum + SUM_ZZZ, sum + SUM_ZZZ, T3)
}

/** Adds the running sums of the two lanes; both lanes hold the result. */
export function mergeSums(sum: usize): void {
  swapPair(T5, sum + SUM_ZZ)
  swapPair(T6, sum + SUM_ZZZ)
  mulP(sum + SUM_X, sum + SUM_X, T5)
  mulP(sum + SUM_Y, sum + SUM_Y, T6)
  mulP(sum + SUM_ZZ, sum + SUM_ZZ, T5)
  mulP(sum + SUM_ZZZ, sum + SUM_ZZZ, T6)
  swapPair(T0, sum + SUM_X)
  swapPair(T1, sum + SUM_Y)
  sub(T0, T0, sum + SUM_X)
  sub(T1, T1, sum + SUM_Y)
  finishAddition(sum)
}

/** Doubles both running sums. */
export function doubleSums(sum: usize): void {
  mulP(T0, sum + SUM_Y, TWO_P)
  sqrP(T1, T0)
  mulP(T2, T0, T1)
  mulP(T3, sum + SUM_X, T1)
  sub(T4, sum + SUM_X, sum + SUM_ZZ)
  add(T5, sum + SUM_X, sum + SUM_ZZ)
  mulP(T4, T4, T5)
  mulP(T4, T4, THREE_P)
  add(T5, T3, T3)
  sqrLessP(sum + SUM_X, T4, T5)
  sub(T3, T3, sum + SUM_X)
  mulP(T5, T2, sum + SUM_Y)
  mulLessP(sum + SUM_Y, T4, T3, T5)
  mulP(sum + SUM_ZZ, sum + SUM_ZZ, T1)
  mulP(sum + SUM_ZZZ, sum + SUM_ZZZ, T2)
}

/** Affine points of running sums whose ZZZ has the inverse `inverse`: 1/ZZ is ZZ² over ZZZ². */
export function scalePoints(points: usize, sum: usize, inverse: usize): void {
  mulP(T0, sum + SUM_ZZ, inverse)
  sqrP(T0, T0)
  mulP(points, sum + SUM_X, T0)
  mulP(points + PAIR_BYTES, sum + SUM_Y, inverse)
}

/** Bit 0 if the first point satisfies y² = x³ − 3x + b, bit 1 if the second does. */
export function onCurve(points: usize): i32 {
  sqrP(T0, points)
  sub(T0, T0, THREE_P)
  mulP(T0, T0, points)
  add(T0, T0, CURVE_B_P)
  sqrLessP(T0, points + PAIR_BYTES, T0)
  canonicalP(NUMBER_A, T0)
  return isZero(NUMBER_A) | (isZero(NUMBER_A + 32) << 1)
}
