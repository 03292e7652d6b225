/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5 §6.4), one signature: both lanes sum half of the
 * digits.
 */
import { gcdInvertBoth } from './gcd'
import { add, BASE_X_P, mulN, mulP, R2_N, R2_P, R3_N, storeConstants } from './generated/p256'
import { sha256Blocks, sha256Start } from './generated/sha256'
import {
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
  RANDOM_BYTES,
  RANDOM_OFFSET,
} from './layout'
import { startDigests } from './p256-digests'
import {
  canonicalN,
  canonicalP,
  isScalar,
  isZero,
  negateWhere,
  reduceOnceN,
  toLane,
} from './p256-field'
import {
  DIGITS_A,
  ENTRY_A,
  ENTRY_B,
  ENTRY_BYTES,
  KEY_SLOT_BYTES,
  KEY_SLOTS_MAX,
  NUMBER_A,
  NUMBER_B,
  P256_SCRATCH,
  P256_SCRATCH_END,
  PAIR_BYTES,
  POINTS,
  SCALARS,
  SHARED_PRODUCT,
  SUM,
  TABLES,
} from './p256-layout'
import { scanTables } from './p256-lookup'
import {
  deterministicNonce,
  hedgedNonce,
  prepareNonces,
  SLOT_FORM,
  SLOT_KEY,
  slotAt,
} from './p256-nonce'
import {
  addPoints,
  mergeSums,
  onCurve,
  SUM_ZZZ,
  scalePoints,
  startSums,
  unpackPoints,
} from './p256-point'
import { copy32, digitAt, digitEntry, digitSign, recode, reverse32 } from './p256-scalar'
import { buildTable, entriesOf } from './p256-table'
import { digestSha256, padSha256 } from './sha'

// Seven bits: wider digits save additions, but reading a longer table through costs more than they
// save.
const WIDTH: i32 = 7
const POSITIONS: i32 = 38
const TABLE: usize = TABLES
/** Behind it, for batches: digits of eight bits, byte-sliced. */
export const SLICED: usize = TABLES + 38 * 64 * ENTRY_BYTES + ENTRY_BYTES

/** In place of a message's length: the message area holds its digest already. */
export const HASHED: u32 = 0xffffffff

/** The random bytes of hedged nonces. */
export const RANDOM: usize = PARAMETERS + RANDOM_OFFSET

const DIGEST: usize = SCALARS
const NONCE: usize = SCALARS + 32
const INVERSE: usize = SCALARS + 64
const FACTORS: usize = SCALARS + 96
const R_BYTES: usize = SCALARS + 176
const R_PAIR: usize = SCALARS + 256
const S_PAIR: usize = SCALARS + 336

/** Builds the tables that signing uses; to be called once before anything else. */
export function p256StartSigning(): void {
  storeConstants()
  startDigests()
  memory.copy(POINTS, BASE_X_P, 2 * PAIR_BYTES)
  buildTable(TABLE, WIDTH, POSITIONS, false)
  memory.copy(POINTS, BASE_X_P, 2 * PAIR_BYTES)
  buildTable(SLICED, 8, 32, true)
  wipeWork()
}

export function wipeWork(): void {
  memory.fill(P256_SCRATCH, 0, SHARED_PRODUCT - P256_SCRATCH)
}

/** Where working memory begins and ends: all of it is zero between two calls. */
export function p256WorkAt(): usize {
  return P256_SCRATCH
}

export function p256WorkEnd(): usize {
  return P256_SCRATCH_END
}

export function p256KeySlotsMax(): usize {
  return KEY_SLOTS_MAX
}

/**
 * Keeps the private key at PARAMETERS, 32 bytes with the most significant first, in a slot. Returns
 * 0, and keeps nothing, unless it is from 1 to the order less 1. PARAMETERS is wiped.
 */
export function p256KeepKey(slot: usize): i32 {
  const key = slotAt(slot)
  reverse32(key + SLOT_KEY, PARAMETERS)
  memory.fill(PARAMETERS, 0, 32)
  if (isScalar(key + SLOT_KEY) === 0) {
    p256ForgetKey(slot)
    return 0
  }
  toLane(key + SLOT_FORM, 0, key + SLOT_KEY)
  toLane(key + SLOT_FORM, 1, key + SLOT_KEY)
  mulN(key + SLOT_FORM, key + SLOT_FORM, R2_N)
  prepareNonces(slot)
  wipeWork()
  return 1
}

export function p256ForgetKey(slot: usize): void {
  memory.fill(slotAt(slot), 0, KEY_SLOT_BYTES)
  memory.fill(P256_SCRATCH, 0, P256_SCRATCH_END - P256_SCRATCH)
}

/** SHA-256 of a message, which is padded in place. */
export function digestMessage(target: usize, lane: usize, length: u32): void {
  const message = MESSAGES + MESSAGE_HEAD + lane * MESSAGE_STRIDE
  if (length === HASHED) {
    copy32(target, message)
    return
  }
  sha256Start(target)
  sha256Blocks(target, message, padSha256(message, length, 0))
  digestSha256(target, target)
}

/** Whether nothing was kept in the slot, or it was forgotten. */
export function isSlotEmpty(slot: usize): i32 {
  return isZero(slotAt(slot) + SLOT_KEY)
}

/** A nonce with the sixteen random bytes at `random`, or without any if that is 0. */
export function deriveNonce(target: usize, slot: usize, digest: usize, random: usize): void {
  if (random === 0) deterministicNonce(target, slot, digest)
  else hedgedNonce(target, slot, digest, random)
}

/**
 * Leaves scalar times the base point in the first lane of POINTS, and the scalar's own inverse at
 * INVERSE; returns 0 if a check failed.
 */
function multiplyBase(scalar: usize): i32 {
  const flip = recode(DIGITS_A, scalar, WIDTH * POSITIONS)
  sumDigits()
  canonicalP(NUMBER_A, SUM + SUM_ZZZ)
  if (isZero(NUMBER_A)) return 0
  gcdInvertBoth(NUMBER_B, NUMBER_A, INVERSE, scalar)
  toLane(S_PAIR, 0, NUMBER_B)
  toLane(S_PAIR, 1, NUMBER_B)
  mulP(S_PAIR, S_PAIR, R2_P)
  scalePoints(POINTS, SUM, S_PAIR)
  // A fault in any product above leaves a point that is not on the curve.
  if (onCurve(POINTS) !== 3) return 0
  negateWhere(POINTS + PAIR_BYTES, flip, flip)
  return 1
}

/** Leaves the sum of the entries that the digits choose at SUM. */
function sumDigits(): void {
  const entries = <i32>entriesOf(WIDTH)
  const half = POSITIONS >> 1
  for (let position = 0; position < half; position++) {
    const first = digitAt(DIGITS_A, position, WIDTH)
    const second = digitAt(DIGITS_A, position + half, WIDTH)
    const signA = digitSign(first, WIDTH),
      signB = digitSign(second, WIDTH)
    const slabA = TABLE + <usize>(position * entries) * ENTRY_BYTES
    const slabB = TABLE + <usize>((position + half) * entries) * ENTRY_BYTES
    const a = digitEntry(first, signA, WIDTH),
      b = digitEntry(second, signB, WIDTH)
    scanTables(ENTRY_A, slabA, a, ENTRY_B, slabB, b, entries)
    unpackPoints(POINTS, ENTRY_A, ENTRY_B)
    negateWhere(POINTS + PAIR_BYTES, signA, signB)
    if (position === 0) startSums(SUM, POINTS)
    else addPoints(SUM, POINTS)
  }
  mergeSums(SUM)
}

/** Writes the public key of a slot at OUTPUT, x and y in 32 bytes each; 0 if a check failed. */
export function p256PublicKey(slot: usize): i32 {
  const good = multiplyBase(slotAt(slot) + SLOT_KEY)
  for (let half: usize = 0; half < 2; half++) {
    canonicalP(NUMBER_A, POINTS + half * PAIR_BYTES)
    reverse32(OUTPUT + half * 32, NUMBER_A)
  }
  wipeWork()
  return good
}

/**
 * Signs the first message with the slot's key and writes r and s, 32 bytes each with the most
 * significant first, at OUTPUT. `length` is in bytes, or 2^32 − 1 if the digest lies in the
 * message's place. `hedged` is 1 and takes sixteen random bytes at RANDOM, which are wiped, or is 0
 * for a nonce by RFC 6979. Returns 0, and writes nothing, if the slot is empty or a check failed.
 */
export function p256Sign(slot: usize, length: u32, hedged: i32): i32 {
  if (isSlotEmpty(slot)) return 0
  digestMessage(DIGEST, 0, length)
  deriveNonce(NONCE, slot, DIGEST, RANDOM & <usize>-hedged)
  const good = signDigest(OUTPUT, slot)
  wipeWork()
  memory.fill(RANDOM, 0, RANDOM_BYTES)
  return good
}

/** Signs the digest at DIGEST with the nonce at NONCE. */
function signDigest(target: usize, slot: usize): i32 {
  if (isZero(NONCE) || multiplyBase(NONCE) === 0) return 0
  canonicalP(R_BYTES, POINTS)
  reduceOnceN(R_BYTES)
  toLane(FACTORS, 0, INVERSE)
  mulN(FACTORS, FACTORS, R3_N)
  // s = (digest + r·key) / nonce
  toLane(R_PAIR, 0, R_BYTES)
  mulN(S_PAIR, R_PAIR, slotAt(slot) + SLOT_FORM)
  reverse32(NUMBER_A, DIGEST)
  toLane(R_PAIR, 0, NUMBER_A)
  add(S_PAIR, S_PAIR, R_PAIR)
  mulN(S_PAIR, S_PAIR, FACTORS)
  canonicalN(NUMBER_A, S_PAIR)
  if (isZero(R_BYTES) | isZero(NUMBER_A)) return 0
  reverse32(target, R_BYTES)
  reverse32(target + 32, NUMBER_A)
  return 1
}
