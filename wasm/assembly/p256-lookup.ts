/**
 * Choosing entries of a table by secret digits. Every address is the same whatever the digits are:
 * one signature reads all entries of a position and keeps one by a mask; sixteen signatures look up
 * each byte of their entries together, sixteen digits being the indexes of a swizzle.
 */
import { gatherRows, transpose16 } from './generated/p256-lookup'
import { BATCH, ENTRY_BYTES, GATHERED } from './p256-layout'

const ROWS: usize = BATCH + 3584

/** Copies entry `a` of `tableA` and entry `b` of `tableB`, each of `entries`, reading them all. */
export function scanTables(
  targetA: usize,
  tableA: usize,
  a: i32,
  targetB: usize,
  tableB: usize,
  b: i32,
  entries: i32,
): void {
  const zero = i64x2.splat(0)
  let a0 = zero,
    a1 = zero,
    a2 = zero,
    a3 = zero
  let b0 = zero,
    b1 = zero,
    b2 = zero,
    b3 = zero
  let leftA = i32x4.splat(a),
    leftB = i32x4.splat(b)
  const one = i32x4.splat(1)
  let first = tableA,
    second = tableB
  for (let entry = 0; entry < entries; entry++) {
    const wantedA = i32x4.eq(leftA, zero)
    const wantedB = i32x4.eq(leftB, zero)
    a0 = v128.or(a0, v128.and(wantedA, v128.load(first)))
    a1 = v128.or(a1, v128.and(wantedA, v128.load(first, 16)))
    a2 = v128.or(a2, v128.and(wantedA, v128.load(first, 32)))
    a3 = v128.or(a3, v128.and(wantedA, v128.load(first, 48)))
    b0 = v128.or(b0, v128.and(wantedB, v128.load(second)))
    b1 = v128.or(b1, v128.and(wantedB, v128.load(second, 16)))
    b2 = v128.or(b2, v128.and(wantedB, v128.load(second, 32)))
    b3 = v128.or(b3, v128.and(wantedB, v128.load(second, 48)))
    leftA = i32x4.sub(leftA, one)
    leftB = i32x4.sub(leftB, one)
    first += ENTRY_BYTES
    second += ENTRY_BYTES
  }
  v128.store(targetA, a0)
  v128.store(targetA, a1, 16)
  v128.store(targetA, a2, 32)
  v128.store(targetA, a3, 48)
  v128.store(targetB, b0)
  v128.store(targetB, b1, 16)
  v128.store(targetB, b2, 32)
  v128.store(targetB, b3, 48)
}

/**
 * Leaves the entries of sixteen digits at GATHERED, one after the other. `slab` is one position of
 * a sliced table of 128 entries; the digits are bytes at `digits`.
 */
export function gatherEntries(slab: usize, digits: usize): void {
  gatherRows(ROWS, slab, digits, ENTRY_BYTES)
  for (let part: usize = 0; part < 4; part++) {
    transpose16(GATHERED + part * 16, ENTRY_BYTES, ROWS + part * 256, 16)
  }
}

/** Turns sixteen recoded scalars, `stride` bytes apart, into 32 rows of sixteen digits. */
export function transposeDigits(target: usize, source: usize, stride: usize): void {
  transpose16(target, 16, source, stride)
  transpose16(target + 256, 16, source + 16, stride)
}
