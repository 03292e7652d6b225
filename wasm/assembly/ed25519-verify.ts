// Ed25519 verification (RFC 8032 §5.1.7) with a table of the key's multiples. All of it is
// public, so entries are looked up by address and refusals leave early.
//
// The rule: S is below the order; the key is the canonical encoding of a point of the curve that
// is not of small order; R is not of small order; and the encoding of S B - k A is R byte for
// byte, which makes R canonical. Nothing is multiplied by the cofactor.
import { decode, isOfSmallOrder, negate } from './ed25519-curve'
import { invertMany, invertPair } from './ed25519-invert'
import { addEntry, addLanes, copyPair, startFromEntry } from './ed25519-point'
import {
  DIGESTS,
  ENCODED,
  ENTRY,
  NIELS,
  PAIR,
  POINT,
  POINTS,
  SCALAR,
  SCALARS,
  STRETCH,
} from './ed25519-scratch'
import { joinEntries } from './ed25519-select'
import { encode } from './ed25519-sign'
import {
  BASE_BITS,
  BASE_ENTRIES,
  BASE_WINDOWS,
  buildTable,
  COMB_BITS,
  COMB_ENTRIES,
  COMB_WINDOWS,
} from './ed25519-table'
import { mul } from './generated/ed25519-field'
import { NEUTRAL, ONE } from './generated/ed25519-points'
import {
  scalarFromBytes,
  scalarHalve,
  scalarIsCanonical,
  scalarReduce,
  scalarToBytes,
} from './generated/ed25519-scalar'
import {
  ED_BASE,
  ED_KEY_BYTES,
  ED_KEY_TABLE_BYTES,
  ED_KEYS,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  PARAMETERS,
} from './layout'
import { sha512At } from './sha'

/** What a signature's sum takes: for each entry its address and its sign as a mask. */
const PICK_BYTES: usize = 8
const PICKS_COUNT: usize = BASE_WINDOWS + COMB_WINDOWS
// An even number: a signature alone puts half of them in each lane. And room for one number behind.
const PICKS_BYTES: usize = PICK_BYTES * (PICKS_COUNT + 2)
const PICKS = STRETCH

const SLOTS = PARAMETERS + 16 * 64
const LENGTHS = SLOTS + 16 * 4

function keyAt(slot: usize): usize {
  return ED_KEYS + slot * ED_KEY_BYTES
}

/** 1 if the 32 bytes at PARAMETERS are a key by the rule above, else 0. */
export function edKeyIsSound(): i32 {
  if (isOfSmallOrder(PARAMETERS)) return 0
  return decode(POINTS, POINTS + PAIR, PARAMETERS)
}

/** 1 if the 64 bytes at PARAMETERS could be a signature: S and R are what the rule asks. */
export function edSignatureIsSound(): i32 {
  return isSound(PARAMETERS)
}

function isSound(signature: usize): i32 {
  if (isOfSmallOrder(signature)) return 0
  scalarFromBytes(SCALARS, signature + 32)
  return i32(scalarIsCanonical(SCALARS) != 0)
}

/**
 * Builds the table of the 32-byte key at PARAMETERS in a slot behind the fixed map. Returns 1, or 0
 * for what is no key by the rule above and for a key with a part of small order: below, k is taken
 * as minus (L - k), and only for a key of the order L is that the same multiple.
 */
export function edVerifyPrepare(slot: usize): i32 {
  if (edKeyIsSound() == 0) return 0
  const key = keyAt(slot)
  memory.copy(key + ED_KEY_TABLE_BYTES, PARAMETERS, 32)
  // Of -A, so that one sum gives S B - k A.
  negate(POINTS)
  copyPair(POINTS + 2 * PAIR, ONE)
  mul(POINTS + 3 * PAIR, POINTS, POINTS + PAIR)
  buildTable(key, COMB_BITS, COMB_WINDOWS, COMB_ENTRIES, false)
  return isOfPrimeOrder(key)
}

/** (L - 1) / 2, least byte first. */
const HALF_ORDER: usize = memory.data<u8>([
  0xf6, 0xe9, 0x7a, 0x2e, 0x8d, 0x31, 0x09, 0x2c, 0x6b, 0xce, 0x7b, 0x51, 0xef, 0x7c, 0x6f, 0x0a,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08,
])

/** 1 if (L - 1) / 2 times the table's point is minus (L + 1) / 2 times it, which makes L times it 0. */
function isOfPrimeOrder(table: usize): i32 {
  const second = PICKS + PICKS_BYTES
  memory.copy(DIGESTS, HALF_ORDER, 32)
  pick(PICKS, table, COMB_BITS, COMB_WINDOWS, COMB_ENTRIES, 0)
  memory.copy(DIGESTS, HALF_ORDER, 32)
  store<u8>(DIGESTS, load<u8>(DIGESTS) + 1)
  pick(second, table, COMB_BITS, COMB_WINDOWS, COMB_ENTRIES, -1)
  joinPicks(PICKS, second)
  startFromEntry(POINTS, NIELS)
  for (let at: usize = PICK_BYTES; at < COMB_WINDOWS * PICK_BYTES; at += PICK_BYTES) {
    joinPicks(PICKS + at, second + at)
    addEntry(POINTS, NIELS)
  }
  if (invertMany(POINTS + 2 * PAIR, POINT, 1) == 0) return 0
  mul(POINTS, POINTS, POINTS + 2 * PAIR)
  mul(POINTS + PAIR, POINTS + PAIR, POINTS + 2 * PAIR)
  encode(ENCODED, POINTS, POINTS + PAIR)
  encode(ENCODED + 32, POINTS + 4, POINTS + PAIR + 4)
  return isSame32(ENCODED, ENCODED + 32)
}

/**
 * Notes the entries that a scalar of 32 bytes takes from a table; returns the place behind them.
 */
function pick(
  picks: usize,
  table: usize,
  bits: usize,
  windows: usize,
  entries: usize,
  sign: i32,
): usize {
  const reach = <i32>entries
  const mask = 2 * reach - 1
  let carried: i32 = 0
  let window = table
  let touched: i32 = 0
  // The last window may begin in the last byte.
  store<u8>(DIGESTS, 0, 32)
  for (let index: usize = 0; index < windows; index++) {
    const bit = index * bits
    let digit = carried + ((<i32>load<u16>(DIGESTS + (bit >> 3)) >> <i32>(bit & 7)) & mask)
    carried = i32(digit > reach && index + 1 < windows)
    digit -= carried << (<i32>bits)
    const amount = digit < 0 ? -digit : digit
    const entry = amount == 0 ? NEUTRAL : window + (<usize>amount - 1) * ENTRY
    // Read now, all of them side by side: later each would be waited for.
    touched |= load<i32>(entry) | load<i32>(entry, 64)
    store<u32>(picks, <u32>entry)
    store<i32>(picks, (digit >> 31) ^ sign, 4)
    picks += PICK_BYTES
    window += entries * ENTRY
  }
  store<i32>(picks, touched)
  return picks
}

/** Notes all entries of one verification. Returns 1, or 0 if the signature cannot be one. */
function gather(picks: usize, signature: usize, slot: usize, message: usize, length: usize): i32 {
  const key = keyAt(slot)
  if (isSound(signature) == 0) return 0
  const sign = <i32>scalarHalve(SCALARS)
  scalarToBytes(DIGESTS, SCALARS)
  const next = pick(picks, ED_BASE, BASE_BITS, BASE_WINDOWS, BASE_ENTRIES, sign)
  memory.copy(message - 64, signature, 32)
  memory.copy(message - 32, key + ED_KEY_TABLE_BYTES, 32)
  sha512At(DIGESTS, message - 64, length + 64)
  scalarReduce(SCALARS + SCALAR, DIGESTS)
  const keySign = <i32>scalarHalve(SCALARS + SCALAR)
  scalarToBytes(DIGESTS, SCALARS + SCALAR)
  pick(next, key, COMB_BITS, COMB_WINDOWS, COMB_ENTRIES, keySign)
  return 1
}

function storeNeutral(picks: usize): void {
  store<u32>(picks, <u32>NEUTRAL)
  store<i32>(picks, 0, 4)
}

/** Lays the entries of two picks side by side. */
function joinPicks(first: usize, second: usize): void {
  const left = <usize>load<u32>(first)
  joinEntries(left, <usize>load<u32>(second), load<i32>(first, 4), load<i32>(second, 4))
}

function isSame32(left: usize, right: usize): i32 {
  const first = v128.xor(v128.load(left), v128.load(right))
  const second = v128.xor(v128.load(left, 16), v128.load(right, 16))
  return i32(v128.any_true(v128.or(first, second))) ^ 1
}

/** 1 if the signature at PARAMETERS is the slot's key's over the first message, else 0. */
export function edVerify(slot: usize, length: usize): i32 {
  if (gather(PICKS, PARAMETERS, slot, MESSAGES + MESSAGE_HEAD, length) == 0) return 0
  // Half of the entries go to each lane; the lanes are added at the end.
  joinPicks(PICKS, PICKS + PICK_BYTES)
  startFromEntry(POINTS, NIELS)
  for (let at: usize = 2 * PICK_BYTES; at < PICKS_COUNT * PICK_BYTES; at += 2 * PICK_BYTES) {
    joinPicks(PICKS + at, PICKS + at + PICK_BYTES)
    addEntry(POINTS, NIELS)
  }
  addLanes(POINTS)
  const inverse = POINTS + 2 * PAIR
  if (invertPair(inverse, inverse) == 0) return 0
  mul(POINTS, POINTS, inverse)
  encode(ENCODED, POINTS, POINTS + 4)
  return isSame32(ENCODED, PARAMETERS)
}

/**
 * Verifies the first `count` messages, at most sixteen. At PARAMETERS: sixteen signatures of 64
 * bytes, then sixteen u32 slots, then sixteen u32 lengths. Returns a bit for each that is good. A
 * signature that cannot be one sums up nothing and leaves the others alone.
 */
export function edVerifyMany(count: usize): u32 {
  const pairs = (count + 1) >> 1
  let possible: u32 = 0
  for (let index: usize = 0; index < 2 * pairs; index++) {
    const picks = PICKS + index * PICKS_BYTES
    const slot = <usize>load<u32>(SLOTS + 4 * index)
    const length = <usize>load<u32>(LENGTHS + 4 * index)
    const message = MESSAGES + index * MESSAGE_STRIDE + MESSAGE_HEAD
    const signature = PARAMETERS + 64 * index
    const isPossible: i32 = index < count ? gather(picks, signature, slot, message, length) : 0
    if (isPossible == 0) {
      for (let at: usize = 0; at < PICKS_BYTES; at += PICK_BYTES) storeNeutral(picks + at)
    }
    possible |= (<u32>isPossible) << (<u32>index)
  }
  for (let pair: usize = 0; pair < pairs; pair++) sumPair(POINTS + pair * POINT, pair)
  // No sum has Z = 0: the formulas are complete. Were it so after all, all of them are refused.
  if (invertMany(POINTS + 2 * PAIR, POINT, pairs) == 0) return 0
  let good: u32 = 0
  for (let pair: usize = 0; pair < pairs; pair++) {
    good |= compareBoth(POINTS + pair * POINT, PARAMETERS + 128 * pair) << (2 * <u32>pair)
  }
  return good & possible
}

function sumPair(point: usize, pair: usize): void {
  const first = PICKS + 2 * pair * PICKS_BYTES
  const second = first + PICKS_BYTES
  joinPicks(first, second)
  startFromEntry(point, NIELS)
  for (let at: usize = PICK_BYTES; at < PICKS_COUNT * PICK_BYTES; at += PICK_BYTES) {
    joinPicks(first + at, second + at)
    addEntry(point, NIELS)
  }
}

/** A bit for each lane whose encoding is the first half of its signature. */
function compareBoth(point: usize, signatures: usize): u32 {
  mul(point, point, point + 2 * PAIR)
  mul(point + PAIR, point + PAIR, point + 2 * PAIR)
  encode(ENCODED, point, point + PAIR)
  const first = isSame32(ENCODED, signatures)
  encode(ENCODED, point + 4, point + PAIR + 4)
  return <u32>(first | (isSame32(ENCODED, signatures + 64) << 1))
}
