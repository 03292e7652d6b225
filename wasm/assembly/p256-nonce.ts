/**
 * The secret number of one signature. Deterministic as RFC 6979 §3.2 says, with SHA-256; or hedged:
 * the hash of the key, the digest and sixteen random bytes, 512 bits of it taken mod the order. A
 * hedged nonce is no worse than a deterministic one if the random bytes repeat.
 */
import { mulN, R2_N, R2_UPPER_N } from './generated/p256'
import { sha256Blocks, sha256Start } from './generated/sha256'
import { canonicalN, isScalar, reduceOnceN, toLane } from './p256-field'
import {
  ENTRY_A,
  KEY_SLOT_BYTES,
  KEY_SLOTS,
  NONCE_CONSTANTS,
  NONCE_SCRATCH,
  POINT_SCRATCH,
} from './p256-layout'
import { copy32, reverse32 } from './p256-scalar'
import { digestSha256 } from './sha'

/**
 * In a key's slot: the key; the key in Montgomery's form; two states of SHA-256 that hold the key.
 */
export const SLOT_KEY: usize = 0
export const SLOT_FORM: usize = 32
const SLOT_HEDGED: usize = 104
const SLOT_DRBG: usize = 136

const INNER: usize = NONCE_SCRATCH
const OUTER: usize = NONCE_SCRATCH + 32
const STATE: usize = NONCE_SCRATCH + 64
const V: usize = NONCE_SCRATCH + 96
const KEY_BYTES: usize = NONCE_SCRATCH + 128
const DIGEST: usize = NONCE_SCRATCH + 160
const BLOCKS: usize = NONCE_SCRATCH + 192
export const NONCE_SCRATCH_BYTES: usize = 320

/** The outer state of HMAC under the key of zeros that RFC 6979 begins with. */
const OUTER_ZERO: usize = NONCE_CONSTANTS

export function slotAt(slot: usize): usize {
  return KEY_SLOTS + slot * KEY_SLOT_BYTES
}

function padState(target: usize, key: usize, filler: i8): void {
  const fill = i8x16.splat(filler)
  v128.store(BLOCKS, v128.xor(v128.load(key), fill))
  v128.store(BLOCKS, v128.xor(v128.load(key, 16), fill), 16)
  v128.store(BLOCKS, fill, 32)
  v128.store(BLOCKS, fill, 48)
  sha256Start(target)
  sha256Blocks(target, BLOCKS, 1)
}

/** Prepares a slot whose key is in its place, so that no nonce hashes the key again. */
export function prepareNonces(slot: usize): void {
  const key = slotAt(slot)
  memory.fill(V, 0, 32)
  padState(OUTER_ZERO, V, 0x5c)
  padState(key + SLOT_DRBG, V, 0x36)
  reverse32(KEY_BYTES, key + SLOT_KEY)
  memory.fill(BLOCKS, 1, 32)
  store<u8>(BLOCKS + 32, 0)
  memory.copy(BLOCKS + 33, KEY_BYTES, 31)
  sha256Blocks(key + SLOT_DRBG, BLOCKS, 1)
  copy32(BLOCKS, KEY_BYTES)
  memory.fill(BLOCKS + 32, 0xd5, 32)
  sha256Start(key + SLOT_HEDGED)
  sha256Blocks(key + SLOT_HEDGED, BLOCKS, 1)
  wipeNonce()
}

export function wipeNonce(): void {
  memory.fill(NONCE_SCRATCH, 0, NONCE_SCRATCH_BYTES)
}

/**
 * Ends a hash at STATE: `length` bytes of the last block at `block` are in place, `total` in all.
 */
function padEnd(block: usize, length: usize, total: usize): void {
  memory.fill(block + length, 0, 64 - length)
  store<u8>(block + length, 0x80)
  store<u32>(block + 60, bswap<u32>((<u32>total) << 3))
}

/** What follows 32 bytes in the block behind HMAC's padded key: the end of 96 bytes in all. */
function padMac(): void {
  v128.store(BLOCKS, i32x4(0x80, 0, 0, 0), 32)
  v128.store(BLOCKS, i32x4(0, 0, 0, 0x00030000), 48)
}

/** HMAC's outer hash of the inner one at STATE; the MAC is written at `target`. */
function finishHmac(target: usize, outer: usize): void {
  digestSha256(BLOCKS, STATE)
  padMac()
  copy32(STATE, outer)
  sha256Blocks(STATE, BLOCKS, 1)
  digestSha256(target, STATE)
}

function rekey(): void {
  padState(INNER, KEY_BYTES, 0x36)
  padState(OUTER, KEY_BYTES, 0x5c)
}

/** V = HMAC(K, V). */
function advance(): void {
  copy32(BLOCKS, V)
  padMac()
  copy32(STATE, INNER)
  sha256Blocks(STATE, BLOCKS, 1)
  finishHmac(V, OUTER)
}

/** Writes the nonce RFC 6979 has for the slot's key and the 32-byte digest. */
export function deterministicNonce(target: usize, slot: usize, digest: usize): void {
  const key = slotAt(slot)
  // bits2octets: the digest mod the order, and the digest is below twice the order.
  reverse32(DIGEST, digest)
  reduceOnceN(DIGEST)
  reverse32(DIGEST, DIGEST)
  reverse32(target, key + SLOT_KEY)
  const lastOfKey = load<u8>(target, 31)

  // K = HMAC(0, V ‖ 0 ‖ x ‖ h): its first block is the same for every digest.
  copy32(STATE, key + SLOT_DRBG)
  store<u8>(BLOCKS, lastOfKey)
  copy32(BLOCKS + 1, DIGEST)
  padEnd(BLOCKS, 33, 64 + 97)
  sha256Blocks(STATE, BLOCKS, 1)
  finishHmac(KEY_BYTES, OUTER_ZERO)
  rekey()
  memory.fill(V, 1, 32)
  advance()

  // K = HMAC(K, V ‖ 1 ‖ x ‖ h)
  copy32(BLOCKS, V)
  store<u8>(BLOCKS + 32, 1)
  copy32(BLOCKS + 33, target)
  copy32(BLOCKS + 65, DIGEST)
  padEnd(BLOCKS + 64, 33, 64 + 97)
  copy32(STATE, INNER)
  sha256Blocks(STATE, BLOCKS, 2)
  finishHmac(KEY_BYTES, OUTER)
  rekey()
  advance()

  advance()
  reverse32(target, V)
  // Refused candidates say nothing of the one that is used.
  while (isScalar(target) === 0) {
    copy32(BLOCKS, V)
    store<u8>(BLOCKS + 32, 0)
    padEnd(BLOCKS, 33, 64 + 33)
    copy32(STATE, INNER)
    sha256Blocks(STATE, BLOCKS, 1)
    finishHmac(KEY_BYTES, OUTER)
    rekey()
    advance()
    advance()
    reverse32(target, V)
  }
  wipeNonce()
}

/**
 * Writes a nonce from the slot's key, the digest and sixteen random bytes. Zero, which one digest
 * in 2^256 gives, is left for signing to refuse.
 */
export function hedgedNonce(target: usize, slot: usize, digest: usize, random: usize): void {
  const state = slotAt(slot) + SLOT_HEDGED
  copy32(BLOCKS, digest)
  v128.store(BLOCKS + 32, v128.load(random))
  padEnd(BLOCKS, 49, 64 + 49)
  for (let half: usize = 0; half < 2; half++) {
    store<u8>(BLOCKS + 48, <u8>half)
    copy32(STATE, state)
    sha256Blocks(STATE, BLOCKS, 1)
    copy32(V, STATE)
    toLane(ENTRY_A, half, V)
  }
  // The lower half into the form, the upper half into its place and the form.
  mulN(POINT_SCRATCH, ENTRY_A, R2_N)
  mulN(POINT_SCRATCH + 80, ENTRY_A, R2_UPPER_N)
  for (let at: usize = 0; at < 72; at += 8) {
    store<i32>(ENTRY_A + at, load<i32>(POINT_SCRATCH + at) + load<i32>(POINT_SCRATCH + 84 + at))
  }
  canonicalN(BLOCKS, ENTRY_A)
  copy32(target, BLOCKS)
  wipeNonce()
}
