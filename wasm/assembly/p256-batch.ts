/**
 * Up to sixteen ECDSA signatures by one key. The 32 points of every nonce are added as a tree of
 * affine additions, level by level through the whole batch, for one inversion a level.
 */
import { add, copyPair, mulN, ONE_N, R2_N } from './generated/p256'
import { OUTPUT, PARAMETERS, RANDOM_BYTES } from './layout'
import { digestFour } from './p256-digests'
import {
  canonicalN,
  canonicalP,
  invertPairN,
  isZero,
  negateWhere,
  reduceOnceN,
  toLane,
} from './p256-field'
import {
  BATCH,
  ENTRY_BYTES,
  GATHERED,
  NUMBER_A,
  P256_SCRATCH,
  P256_SCRATCH_END,
  PAIR_A,
  PAIR_BYTES,
  POINT_SCRATCH,
  POINTS_BYTES,
  SHARED_INVERSE,
  SHARED_PRODUCT,
  TREE,
} from './p256-layout'
import { gatherEntries, transposeDigits } from './p256-lookup'
import { SLOT_FORM, slotAt } from './p256-nonce'
import { onCurve, unpackPoints } from './p256-point'
import { copy32, recode, reverse32 } from './p256-scalar'
import { addAffine, shareValue } from './p256-shared'
import { deriveNonce, digestMessage, HASHED, isSlotEmpty, RANDOM, SLICED } from './p256-sign'

const POSITIONS: usize = 32
/** One position of the sliced table: 128 entries. */
const SLAB_BYTES: usize = 128 * ENTRY_BYTES

const NONCES: usize = BATCH
const DIGESTS: usize = BATCH + 512
/** Recoded scalars with a stride of 40 bytes; later the numbers r. */
const RECODED: usize = BATCH + 1024
const R_BYTES: usize = BATCH + 1024
const ROWS: usize = BATCH + 1792
const INDEXES: usize = BATCH + 2304
const SIGNS: usize = BATCH + 2320
const INVERSES: usize = BATCH + 2336

const LENGTHS: usize = PARAMETERS

/**
 * Signs the first `count` messages, at most sixteen, with the slot's key. Their lengths are words
 * at PARAMETERS (2^32 − 1 for a digest in a message's place); `hedged` is 1 and takes sixteen
 * random bytes for each at RANDOM, which are wiped, or is 0. Signatures are written 64 bytes apart
 * at OUTPUT. Returns a bit for each that was written; none is, if an inversion they share failed:
 * sign them one by one then.
 */
export function p256SignBatch(slot: usize, count: usize, hedged: i32): i32 {
  if (isSlotEmpty(slot)) return 0
  digestMessages(count)
  for (let at: usize = 0; at < count; at++) {
    const digest = DIGESTS + at * 32
    deriveNonce(NONCES + at * 32, slot, digest, (RANDOM + at * RANDOM_BYTES) & <usize>-hedged)
    recode(RECODED + at * 40, NONCES + at * 32, 256)
  }
  const columns = (count + 1) >> 1
  // The second lane of an odd one out repeats the first: no number there may be zero.
  if (count & 1) {
    copy32(NONCES + count * 32, NONCES + (count - 1) * 32)
    copy32(DIGESTS + count * 32, DIGESTS + (count - 1) * 32)
    memory.copy(RECODED + count * 40, RECODED + (count - 1) * 40, 40)
  }
  let good = 0
  if (sumPoints(columns) !== 0 && invertNonces(columns) !== 0) {
    for (let column: usize = 0; column < columns; column++) good |= finish(slot, column, count)
  }
  memory.fill(P256_SCRATCH, 0, P256_SCRATCH_END - P256_SCRATCH)
  memory.fill(RANDOM, 0, count * RANDOM_BYTES)
  return good
}

/**
 * Leaves the digests of the messages at DIGESTS: four at a time, while there are four to be hashed.
 */
function digestMessages(count: usize): void {
  let at: usize = 0
  while (at < count) {
    const lengths = LENGTHS + at * 4
    const hashed = i32x4.eq(v128.load(lengths), i32x4.splat(<i32>HASHED))
    if (at + 4 <= count && !v128.any_true(hashed)) {
      digestFour(DIGESTS + at * 32, at, lengths)
      at += 4
    } else {
      digestMessage(DIGESTS + at * 32, at, load<u32>(lengths))
      at++
    }
  }
}

/** Leaves nonce times base point for every lane in the first row of the tree. */
function sumPoints(columns: usize): i32 {
  transposeDigits(ROWS, RECODED, 40)
  const row = columns * POINTS_BYTES
  for (let position: usize = 0; position < POSITIONS; position++) {
    const digits = v128.load(ROWS + position * 16)
    const negative = v128.not(i8x16.lt_s(digits, i8x16.splat(0)))
    v128.store(SIGNS, negative)
    v128.store(INDEXES, v128.and(v128.xor(digits, negative), i8x16.splat(0x7f)))
    gatherEntries(SLICED + position * SLAB_BYTES, INDEXES)
    for (let column: usize = 0; column < columns; column++) {
      const points = TREE + position * row + column * POINTS_BYTES
      const entry = GATHERED + column * 2 * ENTRY_BYTES
      unpackPoints(points, entry, entry + ENTRY_BYTES)
      const sign = SIGNS + column * 2
      negateWhere(points + PAIR_BYTES, <i64>load<i8>(sign), <i64>load<i8>(sign, 1))
    }
  }
  for (let rows = POSITIONS >> 1; rows > 0; rows >>= 1) {
    if (addAffine(rows, columns, TREE, TREE + row, 2 * row, TREE, row) === 0) return 0
  }
  return 1
}

/** Leaves the inverses of all nonces at INVERSES, in Montgomery's form; 0 if a nonce is zero. */
function invertNonces(columns: usize): i32 {
  copyPair(SHARED_PRODUCT, ONE_N)
  for (let column: usize = 0; column < columns; column++) {
    const pair = shareValue(column)
    toLane(pair, 0, NONCES + column * 64)
    toLane(pair, 1, NONCES + column * 64 + 32)
    mulN(pair, pair, R2_N)
    copyPair(INVERSES + column * PAIR_BYTES, SHARED_PRODUCT)
    mulN(SHARED_PRODUCT, SHARED_PRODUCT, pair)
  }
  if (invertPairN(SHARED_INVERSE, SHARED_PRODUCT) === 0) return 0
  for (let column = columns; column > 0; column--) {
    const pair = INVERSES + (column - 1) * PAIR_BYTES
    mulN(pair, pair, SHARED_INVERSE)
    mulN(SHARED_INVERSE, SHARED_INVERSE, shareValue(column - 1))
  }
  return 1
}

/** Writes the two signatures of a column; a bit for each that passed its checks. */
function finish(slot: usize, column: usize, count: usize): i32 {
  const onIt = onCurve(TREE + column * POINTS_BYTES)
  const r = R_BYTES + column * 64
  canonicalP(NUMBER_A, TREE + column * POINTS_BYTES)
  copy32(r, NUMBER_A)
  copy32(r + 32, NUMBER_A + 32)
  reduceOnceN(r)
  reduceOnceN(r + 32)
  // s = (digest + r·key) / nonce
  toLane(POINT_SCRATCH, 0, r)
  toLane(POINT_SCRATCH, 1, r + 32)
  mulN(POINT_SCRATCH, POINT_SCRATCH, slotAt(slot) + SLOT_FORM)
  for (let lane: usize = 0; lane < 2; lane++) {
    reverse32(NUMBER_A, DIGESTS + column * 64 + lane * 32)
    toLane(PAIR_A, lane, NUMBER_A)
  }
  add(POINT_SCRATCH, POINT_SCRATCH, PAIR_A)
  mulN(POINT_SCRATCH, POINT_SCRATCH, R2_N)
  mulN(POINT_SCRATCH, POINT_SCRATCH, INVERSES + column * PAIR_BYTES)
  canonicalN(NUMBER_A, POINT_SCRATCH)
  let good = 0
  for (let lane: usize = 0; lane < 2; lane++) {
    const at = column * 2 + lane
    const s = NUMBER_A + lane * 32
    const refused = isZero(r + lane * 32) | isZero(s) | (((onIt >> <i32>lane) & 1) ^ 1)
    if (refused | i32(at >= count)) continue
    reverse32(OUTPUT + at * 64, r + lane * 32)
    reverse32(OUTPUT + at * 64 + 32, s)
    good |= 1 << (<i32>at)
  }
  return good
}
