/**
 * Many additions for one inversion (Montgomery's trick): an affine addition is six products then.
 */
import { add, copyPair, mulLessP, mulP, ONE_P, sqrLessP, sub } from './generated/p256'
import { invertPairP } from './p256-field'
import {
  PAIR_BYTES,
  POINT_SCRATCH,
  POINTS_BYTES,
  SHARED_INVERSE,
  SHARED_PREFIXES,
  SHARED_PRODUCT,
  SHARED_VALUES,
} from './p256-layout'

const SLOPE: usize = POINT_SCRATCH
const SUM_OF_X: usize = POINT_SCRATCH + 80
const RESULT_X: usize = POINT_SCRATCH + 160

/** Begins anew: what is shared from here on is inverted together. */
export function shareStart(): void {
  copyPair(SHARED_PRODUCT, ONE_P)
}

/** Takes in the pair that was written at shareValue(index). */
export function share(index: usize): void {
  copyPair(SHARED_PREFIXES + index * PAIR_BYTES, SHARED_PRODUCT)
  mulP(SHARED_PRODUCT, SHARED_PRODUCT, shareValue(index))
}

export function shareValue(index: usize): usize {
  return SHARED_VALUES + index * PAIR_BYTES
}

/** Inverts all that was taken in; 0 if any of it was zero, and then none has an inverse. */
export function shareInvert(): i32 {
  return invertPairP(SHARED_INVERSE, SHARED_PRODUCT)
}

/** Writes one inverse. To be asked for in the opposite order of taking in. */
export function takeInverse(target: usize, index: usize): void {
  mulP(target, SHARED_INVERSE, SHARED_PREFIXES + index * PAIR_BYTES)
  mulP(SHARED_INVERSE, SHARED_INVERSE, shareValue(index))
}

/**
 * For every row and column writes a + b at `out`: points lie side by side in a row, rows of `a` and
 * of `b` are `step` bytes apart, rows of `out` are `outStep`. `out` may be `a` if no row is written
 * before it was read: rows are done from the first to the last. Returns 0 if some a is ± its b.
 */
export function addAffine(
  rows: usize,
  columns: usize,
  a: usize,
  b: usize,
  step: usize,
  out: usize,
  outStep: usize,
): i32 {
  shareStart()
  let index: usize = rows * columns
  for (let row = rows; row > 0; row--) {
    for (let column = columns; column > 0; column--) {
      const at = (row - 1) * step + (column - 1) * POINTS_BYTES
      index--
      sub(shareValue(index), b + at, a + at)
      share(index)
    }
  }
  if (shareInvert() === 0) return 0
  for (let row: usize = 0; row < rows; row++) {
    for (let column: usize = 0; column < columns; column++) {
      const at = row * step + column * POINTS_BYTES
      addWithInverse(index, a + at, b + at, out + row * outStep + column * POINTS_BYTES)
      index++
    }
  }
  return 1
}

function addWithInverse(index: usize, a: usize, b: usize, out: usize): void {
  takeInverse(SLOPE, index)
  sub(RESULT_X, b + PAIR_BYTES, a + PAIR_BYTES)
  mulP(SLOPE, SLOPE, RESULT_X)
  add(SUM_OF_X, a, b)
  sqrLessP(RESULT_X, SLOPE, SUM_OF_X)
  sub(SUM_OF_X, a, RESULT_X)
  mulLessP(out + PAIR_BYTES, SLOPE, SUM_OF_X, a + PAIR_BYTES)
  copyPair(out, RESULT_X)
}
