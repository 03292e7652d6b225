/**
 * Tables of odd multiples for all positions of a scalar: 1, 3, 5 … (2^width − 1) times 2^(width·i)
 * times a point. A scalar cut into odd signed digits is then a sum of one entry per position: no
 * doublings.
 */
import { copyPair, mulP, R2_P, UNIT } from './generated/p256'
import { fromLane, reduceOnceP } from './p256-field'
import { CHAIN, ENTRY_BYTES, NUMBER_B, PAIR_BYTES, POINTS, POINTS_BYTES, SUM } from './p256-layout'
import { doubleSums, SUM_BYTES, SUM_ZZZ, scalePoints, startSums } from './p256-point'
import { copy32 } from './p256-scalar'
import { addAffine, share, shareInvert, shareStart, shareValue, takeInverse } from './p256-shared'

/** More positions than any table has, by two lanes. */
const COLUMNS_MAX: usize = 27
const CURRENT: usize = CHAIN
const STEP: usize = CURRENT + COLUMNS_MAX * POINTS_BYTES
const SUMS: usize = STEP + COLUMNS_MAX * POINTS_BYTES

/** Entries of one position. */
export function entriesOf(width: usize): usize {
  return 1 << (width - 1)
}

export function tableBytes(width: usize, positions: usize): usize {
  return positions * entriesOf(width) * ENTRY_BYTES
}

/**
 * Builds the table of the point at POINTS, the same in both lanes. Entries lie one after the other;
 * or, `sliced`, a position's entries lie byte by byte: first byte of every entry, second byte of
 * every entry. Returns 0 for a point of small order, which a curve of prime order does not have.
 */
export function buildTable(table: usize, width: usize, positions: usize, sliced: bool): i32 {
  const columns = (positions + 1) >> 1
  placeBases(width, columns)
  if (normalise(columns) === 0) return 0
  const entries = entriesOf(width)
  for (let entry: usize = 0; entry < entries; entry++) {
    if (entry > 0 && addAffine(1, columns, CURRENT, STEP, 0, CURRENT, 0) === 0) return 0
    for (let column: usize = 0; column < columns; column++) {
      for (let half: usize = 0; half < 2; half++) {
        const pair = CURRENT + column * POINTS_BYTES + half * PAIR_BYTES
        // Reduced but still in the form: ready to be multiplied. It also keeps the numbers small,
        // for each addition lets x grow by two primes.
        mulP(pair, pair, R2_P)
        mulP(pair, pair, UNIT)
        for (let lane: usize = 0; lane < 2; lane++) {
          const position = column * 2 + lane
          if (position >= positions) continue
          const slab = table + position * entries * ENTRY_BYTES
          fromLane(NUMBER_B, pair, lane)
          reduceOnceP(NUMBER_B)
          if (sliced) scatter(slab + half * 32 * entries + entry, entries, NUMBER_B)
          else copy32(slab + entry * ENTRY_BYTES + half * 32, NUMBER_B)
        }
      }
    }
  }
  return 1
}

function scatter(target: usize, stride: usize, source: usize): void {
  for (let at: usize = 0; at < 32; at++) store<u8>(target + at * stride, load<u8>(source + at))
}

/**
 * Leaves 2^(width·i) times the point, and twice that, at SUMS: i runs through lanes, then columns.
 */
function placeBases(width: usize, columns: usize): void {
  startSums(SUM, POINTS)
  for (let position: usize = 0; position < columns * 2; position++) {
    const target = SUMS + (position >> 1) * SUM_BYTES + (position & 1) * 4
    copyLane(target)
    doubleSums(SUM)
    copyLane(target + columns * SUM_BYTES)
    for (let bit: usize = 1; bit < width; bit++) doubleSums(SUM)
  }
}

function copyLane(target: usize): void {
  for (let at: usize = 0; at < SUM_BYTES; at += 8) store<u32>(target + at, load<u32>(SUM + at))
}

/** Makes the sums affine: the first half at CURRENT, the doubled ones at STEP. */
function normalise(columns: usize): i32 {
  shareStart()
  for (let index: usize = 0; index < columns * 2; index++) {
    copyPair(shareValue(index), SUMS + index * SUM_BYTES + SUM_ZZZ)
    share(index)
  }
  if (shareInvert() === 0) return 0
  for (let index = columns * 2; index > 0; index--) {
    const at = index - 1
    takeInverse(POINTS, at)
    const target = at < columns ? CURRENT + at * POINTS_BYTES : STEP + (at - columns) * POINTS_BYTES
    scalePoints(target, SUMS + at * SUM_BYTES, POINTS)
  }
  return 1
}
