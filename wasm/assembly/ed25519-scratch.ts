// Where Ed25519 works, inside SCRATCH. A pair is two field elements, 80 bytes; a point of two lanes
// is four pairs: X, Y, Z and T = XY / Z.
import { SCRATCH } from './layout'

export const PAIR: usize = 80
export const POINT: usize = 4 * PAIR
export const ENTRY: usize = 128
const START = SCRATCH + 256

/** Sixteen pairs for one formula at a time. */
export const WORK = START
/** One entry of both lanes: y + x, y - x, 2dxy. */
export const NIELS = WORK + 16 * PAIR
/** Up to eight points of two lanes. */
export const POINTS = NIELS + 256
/** Prefix products of the shared inversion, and what is inverted. */
export const PRODUCTS = POINTS + 8 * POINT
/** Sixteen table entries that were looked up. */
export const ENTRIES = PRODUCTS + 16 * PAIR
/** Sixteen digests of 64 bytes. */
export const DIGESTS = ENTRIES + 16 * ENTRY
/** Sixteen scalars in limbs, twice. */
export const SCALARS = DIGESTS + 16 * 64
export const SCALAR: usize = 72
/** Digits of up to sixteen scalars. */
export const DIGITS = SCALARS + 32 * SCALAR
/** Encoded points, sixteen of 32 bytes. */
export const ENCODED = DIGITS + 1024
/** Addresses of the entries that a verification sums up, and their signs. */
export const PICKS = ENCODED + 16 * 32
export const ED_END = PICKS + 1024
/** A stretch of a table before its points are brought to Z = 1. */
export const STRETCH = ED_END
export const STRETCH_ENTRIES: usize = 32
export const STRETCH_END = STRETCH + STRETCH_ENTRIES * (POINT + PAIR)

/** What a signature leaves here is as secret as the key. */
export function wipeEd(): void {
  memory.fill(START, 0, ED_END - START)
}
