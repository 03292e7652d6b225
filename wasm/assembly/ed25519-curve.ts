// Whether coordinates are a point of the curve: what a fault in the arithmetic breaks first.
import { sub } from './ed25519-point'
import { ENCODED, PAIR, WORK } from './ed25519-scratch'
import { toBytes } from './generated/ed25519-bytes'
import { mul, square } from './generated/ed25519-field'
import { D, ONE } from './generated/ed25519-points'

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
