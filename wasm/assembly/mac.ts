// HMAC-SHA-256 (RFC 2104) from midstates, and BLAKE3's keyed hash of one block. Keys live in slots.
import { encodeBase64url } from './base64url'
import { differs32, differs43, differsFromHex } from './bytes'
import { blake3Block } from './generated/blake3'
import { sha256Blocks, sha256Start } from './generated/sha256'
import {
  MAC_SLOT_BYTES,
  MAC_SLOTS,
  MESSAGE_HEAD,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
  SCRATCH,
} from './layout'
import { digestSha256, padSha256 } from './sha'

const STATE = SCRATCH
const BLOCK = SCRATCH + 64
const TAG = SCRATCH + 128
const SOURCE = MESSAGES + MESSAGE_HEAD

function slotAt(slot: usize): usize {
  return MAC_SLOTS + slot * MAC_SLOT_BYTES
}

function midstate(target: usize, filler: i32): void {
  const fill = i8x16.splat(<i8>filler)
  for (let at: usize = 0; at < 64; at += 16) {
    v128.store(BLOCK + at, v128.xor(v128.load(PARAMETERS + at), fill))
  }
  sha256Start(target)
  sha256Blocks(target, BLOCK, 1)
}

/**
 * Keeps what HMAC makes of a key, so that a message costs two compressions less: the key is at
 * PARAMETERS, hashed by the caller if longer than 64 bytes, followed by zeros. The key is wiped.
 */
export function hmacPrepare(slot: usize): void {
  midstate(slotAt(slot), 0x36)
  midstate(slotAt(slot) + 32, 0x5c)
  memory.fill(PARAMETERS, 0, 64)
  memory.fill(BLOCK, 0, 64)
}

/** Leaves the MAC of the first message at TAG. */
function hmac(slot: usize, length: usize): void {
  const key = slotAt(slot)
  v128.store(STATE, v128.load(key))
  v128.store(STATE, v128.load(key, 16), 16)
  sha256Blocks(STATE, SOURCE, padSha256(SOURCE, length, 64))
  digestSha256(BLOCK, STATE)
  // The outer message is 64 + 32 bytes: one block, always padded the same.
  v128.store(BLOCK, i32x4(0x80, 0, 0, 0), 32)
  v128.store(BLOCK, i32x4(0, 0, 0, 0x00030000), 48)
  v128.store(STATE, v128.load(key, 32))
  v128.store(STATE, v128.load(key, 48), 16)
  sha256Blocks(STATE, BLOCK, 1)
  digestSha256(TAG, STATE)
}

/** No expected MAC may be read from memory after a forged one was refused. */
function wipe(): void {
  const zero = i64x2.splat(0)
  for (let at: usize = 0; at < 160; at += 16) v128.store(SCRATCH + at, zero)
}

/** Writes the MAC of the first message, 32 bytes, at OUTPUT. */
export function hmacSign(slot: usize, length: usize): void {
  hmac(slot, length)
  v128.store(OUTPUT, v128.load(TAG))
  v128.store(OUTPUT, v128.load(TAG, 16), 16)
  wipe()
}

/**
 * 1 if the 64 characters at PARAMETERS are the lowercase hex of the first message's MAC, else 0.
 */
export function hmacVerifyHex(slot: usize, length: usize): i32 {
  hmac(slot, length)
  const difference = differsFromHex(TAG, PARAMETERS)
  wipe()
  return difference ^ 1
}

/** 1 if the 32 bytes at PARAMETERS are the first message's MAC, else 0. */
export function hmacVerify(slot: usize, length: usize): i32 {
  hmac(slot, length)
  const difference = differs32(TAG, PARAMETERS)
  wipe()
  return difference ^ 1
}

/** Forgets a key, of HMAC or BLAKE3. */
export function macForget(slot: usize): void {
  memory.fill(slotAt(slot), 0, MAC_SLOT_BYTES)
}

/** Keeps the 32-byte key at PARAMETERS for BLAKE3. The key is wiped. */
export function blakePrepare(slot: usize): void {
  memory.copy(slotAt(slot), PARAMETERS, 32)
  memory.fill(PARAMETERS, 0, 32)
}

/** Leaves the keyed hash of the first message, at most 64 bytes, at TAG. */
function blake(slot: usize, length: usize): void {
  const zero = i64x2.splat(0)
  v128.store(SOURCE + length, zero)
  v128.store(SOURCE + length, zero, 16)
  v128.store(SOURCE + length, zero, 32)
  v128.store(SOURCE + length, zero, 48)
  blake3Block(TAG, slotAt(slot), SOURCE, <u32>length)
}

/** Writes the keyed hash of the first message, 32 bytes, at OUTPUT. */
export function blakeSign(slot: usize, length: usize): void {
  blake(slot, length)
  v128.store(OUTPUT, v128.load(TAG))
  v128.store(OUTPUT, v128.load(TAG, 16), 16)
  wipe()
}

/** 1 if the 43 characters at PARAMETERS are the base64url of the keyed hash, else 0. */
export function blakeVerifyText(slot: usize, length: usize): i32 {
  blake(slot, length)
  // The text is compared as it should be spelled, so there is no second spelling to accept.
  encodeBase64url(BLOCK, TAG, 32)
  const difference = differs43(BLOCK, PARAMETERS)
  wipe()
  return difference ^ 1
}

/** Writes the keyed hash of the first message, 43 characters of base64url, at OUTPUT. */
export function blakeSignText(slot: usize, length: usize): void {
  blake(slot, length)
  encodeBase64url(OUTPUT, TAG, 32)
  wipe()
}

/** 1 if the 32 bytes at PARAMETERS are the keyed hash of the first message, else 0. */
export function blakeVerify(slot: usize, length: usize): i32 {
  blake(slot, length)
  const difference = differs32(TAG, PARAMETERS)
  wipe()
  return difference ^ 1
}
