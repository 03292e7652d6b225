// Ed25519 signatures (RFC 8032 §5.1.6): one alone, its two lanes sharing the work of one point,
// or up to sixteen, two to a vector.

import { isOnCurve } from './ed25519-curve'
import { invertMany, invertPair } from './ed25519-invert'
import { addEntry, addLanes, spreadLane, startFromEntry } from './ed25519-point'
import {
  DIGESTS,
  DIGITS,
  ENCODED,
  ENTRIES,
  ENTRY,
  NIELS,
  PAIR,
  POINT,
  POINTS,
  SCALAR,
  SCALARS,
  wipeEd,
} from './ed25519-scratch'
import {
  joinEntries,
  selectPair,
  selectSixteen,
  splitForComb,
  splitForSlices,
} from './ed25519-select'
import { COMB_WINDOWS, SLICED_WINDOWS } from './ed25519-table'
import { toBytes } from './generated/ed25519-bytes'
import { mul } from './generated/ed25519-field'
import { scalarHalve, scalarMulAdd, scalarReduce, scalarToBytes } from './generated/ed25519-scalar'
import {
  ED_SIGN_SLOT_BYTES,
  ED_SIGN_SLOTS,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
} from './layout'
import { sha512At } from './sha'

// In a slot: the prefix, the public key, and the secret scalar in limbs.
const PUBLIC: usize = 32
const SECRET: usize = 64

function slotAt(slot: usize): usize {
  return ED_SIGN_SLOTS + slot * ED_SIGN_SLOT_BYTES
}

function copy32(target: usize, source: usize): void {
  v128.store(target, v128.load(source))
  v128.store(target, v128.load(source, 16), 16)
}

/** Encodes x and y (RFC 8032 §5.1.2), whose limbs begin at these addresses. */
export function encode(target: usize, x: usize, y: usize): void {
  const bytes = ENCODED + 15 * 32
  toBytes(bytes, x)
  toBytes(target, y)
  store<u8>(target, load<u8>(target, 31) | (load<u8>(bytes) << 7), 31)
}

/**
 * Writes the encoding of scalar times base. The scalar's limbs are at `scalar`, and are turned to
 * the smaller of themselves and their negative. Returns 1, or 0 if what came out is no point of
 * the curve.
 */
function encodeMultiple(target: usize, scalar: usize): i32 {
  const sign = <i32>scalarHalve(scalar)
  scalarToBytes(DIGESTS, scalar)
  splitForComb(DIGITS, DIGESTS, sign)
  selectPair(0)
  startFromEntry(POINTS, NIELS)
  for (let window: usize = 2; window < COMB_WINDOWS; window += 2) {
    selectPair(window)
    addEntry(POINTS, NIELS)
  }
  addLanes(POINTS)
  const inverse = POINTS + 2 * PAIR
  const isUsable = invertPair(inverse, inverse)
  mul(POINTS, POINTS, inverse)
  encode(target, POINTS, POINTS + 4)
  // x in the first lane of its own pair, y beside it: as isOnCurve takes them for one point.
  spreadLane(POINTS + PAIR, POINTS, 1)
  return isUsable & isOnCurve(POINTS, POINTS + PAIR, 1)
}

/**
 * Expands the 32-byte seed at PARAMETERS into a slot and writes its public key at OUTPUT. The
 * seed is wiped. Returns 1, or 0 if the arithmetic failed its own check.
 */
export function edSignPrepare(slot: usize): i32 {
  const key = slotAt(slot)
  const secret = DIGESTS + 128
  // The padding of this message is written behind the seed and wiped with it.
  sha512At(secret, PARAMETERS, 32)
  memory.fill(PARAMETERS, 0, 192)
  copy32(key, secret + 32)
  store<u8>(secret, load<u8>(secret) & 248)
  store<u8>(secret, (load<u8>(secret, 31) & 127) | 64, 31)
  memory.fill(secret + 32, 0, 32)
  scalarReduce(key + SECRET, secret)
  scalarReduce(SCALARS, secret)
  const isGood = encodeMultiple(key + PUBLIC, SCALARS)
  copy32(OUTPUT, key + PUBLIC)
  wipeEd()
  return isGood
}

/** Forgets a signing key. */
export function edSignForget(slot: usize): void {
  memory.fill(slotAt(slot), 0, ED_SIGN_SLOT_BYTES)
}

/** The nonce of a message, as limbs: the hash of the prefix and the message. */
function nonceOf(target: usize, key: usize, message: usize, length: usize): void {
  copy32(message - 32, key)
  sha512At(DIGESTS, message - 32, length + 32)
  scalarReduce(target, DIGESTS)
}

/** Completes a signature whose R is at `signature`; `nonce` in limbs. */
function completeSignature(
  signature: usize,
  key: usize,
  nonce: usize,
  message: usize,
  length: usize,
): void {
  const challenge = SCALARS + 31 * SCALAR
  copy32(message - 64, signature)
  copy32(message - 32, key + PUBLIC)
  sha512At(DIGESTS, message - 64, length + 64)
  scalarReduce(challenge, DIGESTS)
  scalarMulAdd(challenge, challenge, key + SECRET, nonce)
  scalarToBytes(signature + 32, challenge)
}

/**
 * Signs the message at `message`, which has 64 bytes of room before it and 256 behind, with the
 * key of a slot. Returns 1 and writes 64 bytes at `signature`, or returns 0 and writes zeros.
 */
export function signAt(signature: usize, slot: usize, message: usize, length: usize): i32 {
  const key = slotAt(slot)
  const nonce = SCALARS
  const halved = SCALARS + SCALAR
  nonceOf(nonce, key, message, length)
  memory.copy(halved, nonce, SCALAR)
  const isGood = encodeMultiple(signature, halved)
  completeSignature(signature, key, nonce, message, length)
  if (isGood == 0) memory.fill(signature, 0, 64)
  wipeEd()
  return isGood
}

/** Signs the first message; the signature is at OUTPUT. Returns 1, or 0 and zeros. */
export function edSign(slot: usize, length: usize): i32 {
  return signAt(OUTPUT, slot, MESSAGES + MESSAGE_HEAD, length)
}

/** The points of every nonce: window by window, so that one search serves sixteen signatures. */
function sumWindows(pairs: usize): void {
  for (let window: usize = 0; window < SLICED_WINDOWS; window++) {
    selectSixteen(window)
    for (let pair: usize = 0; pair < pairs; pair++) {
      const entries = ENTRIES + 2 * pair * ENTRY
      const digits = DIGITS + 16 * window + 2 * pair
      joinEntries(entries, entries + ENTRY, load<i8>(digits) >> 7, load<i8>(digits, 1) >> 7)
      if (window == 0) startFromEntry(POINTS + pair * POINT, NIELS)
      else addEntry(POINTS + pair * POINT, NIELS)
    }
  }
}

/** Writes R of both lanes of a point with its inverse Z; a bit for each that is on the curve. */
function encodeBoth(signatures: usize, point: usize): u32 {
  mul(point, point, point + 2 * PAIR)
  mul(point + PAIR, point + PAIR, point + 2 * PAIR)
  encode(signatures, point, point + PAIR)
  encode(signatures + 64, point + 4, point + PAIR + 4)
  return 3 * <u32>isOnCurve(point, point + PAIR, 2)
}

/**
 * Signs the first `count` messages, at most sixteen, whose lengths are u32 at PARAMETERS;
 * signatures are 64 bytes apart at OUTPUT. Returns a bit for each that was signed; the others are
 * zeros. Whoever fails the check of the batch is signed again alone, so that none spoils another.
 */
export function edSignMany(slot: usize, count: usize): u32 {
  const key = slotAt(slot)
  const pairs = (count + 1) >> 1
  memory.fill(DIGITS, 0, 16 * SLICED_WINDOWS)
  for (let index: usize = 0; index < count; index++) {
    const nonce = SCALARS + index * SCALAR
    const length = <usize>load<u32>(PARAMETERS + 4 * index)
    nonceOf(nonce, key, messageAt(index), length)
    scalarToBytes(DIGESTS, nonce)
    splitForSlices(DIGITS + index, DIGESTS)
  }
  sumWindows(pairs)
  const isUsable = invertMany(POINTS + 2 * PAIR, POINT, pairs)
  let good: u32 = 0
  for (let pair: usize = 0; pair < pairs; pair++) {
    good |= encodeBoth(OUTPUT + pair * 128, POINTS + pair * POINT) << (2 * <u32>pair)
  }
  good &= -isUsable
  for (let index: usize = 0; index < count; index++) {
    const length = <usize>load<u32>(PARAMETERS + 4 * index)
    const nonce = SCALARS + index * SCALAR
    completeSignature(OUTPUT + 64 * index, key, nonce, messageAt(index), length)
  }
  wipeEd()
  // The last pair may have had one lane only.
  memory.fill(OUTPUT + 64 * count, 0, 64 * (count & 1))
  return signFailedAlone(slot, count, good)
}

function signFailedAlone(slot: usize, count: usize, batch: u32): u32 {
  let good = batch & ((1 << (<u32>count)) - 1)
  for (let index: usize = 0; index < count; index++) {
    if (((good >> <u32>index) & 1) != 0) continue
    const length = <usize>load<u32>(PARAMETERS + 4 * index)
    const isSigned = signAt(OUTPUT + 64 * index, slot, messageAt(index), length)
    good |= (<u32>isSigned) << (<u32>index)
  }
  return good
}

function messageAt(index: usize): usize {
  return MESSAGES + index * MESSAGE_STRIDE + MESSAGE_HEAD
}
