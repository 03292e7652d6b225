// Tokens (RFC 7519, compact form of RFC 7515 §3.1) put together where they are signed: a prepared
// beginning, the rest of the claims in base64url behind it, a dot, and the signature.
import { encodeBase64url } from './base64url'
import { edSignMany, signAt } from './ed25519-sign'
import {
  JWT_BEGINNING_OFFSET,
  JWT_CLAIMS_OFFSET,
  JWT_HEAD_BYTES,
  JWT_HEADS,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
} from './layout'
import { p256SignBatch } from './p256-batch'
import { p256Sign } from './p256-sign'

const DOT: u8 = 0x2e
/** Of Ed25519 as of ECDSA over P-256: two numbers of 32 bytes. */
const SIGNATURE_BYTES: usize = 64
/** Where a beginning waits to be prepared. */
const BEGINNING: usize = PARAMETERS + JWT_BEGINNING_OFFSET
// Sixteen of them as words: of what is signed, and in the end of the tokens.
const LENGTHS: usize = PARAMETERS

// In a slot: how long the text is, how many bytes of the claims' beginning did not fill a group of
// three, those bytes, and the text from byte 16 on.
const TEXT: usize = 16

function headAt(slot: usize): usize {
  return JWT_HEADS + slot * JWT_HEAD_BYTES
}

function messageAt(index: usize): usize {
  return MESSAGES + index * MESSAGE_STRIDE + MESSAGE_HEAD
}

/**
 * Keeps a beginning in a slot: at BEGINNING, `textBytes` of header text with its dot, then
 * `claimsBytes` of the JSON that the tokens' claims begin with.
 */
export function jwtPrepare(slot: usize, textBytes: usize, claimsBytes: usize): void {
  const head = headAt(slot)
  const left = claimsBytes % 3
  const claims = BEGINNING + textBytes
  memory.copy(head + TEXT, BEGINNING, textBytes)
  const encoded = encodeBase64url(head + TEXT + textBytes, claims, claimsBytes - left)
  store<u32>(head, <u32>(textBytes + encoded))
  store<u32>(head, <u32>left, 4)
  memory.copy(head + 8, claims + claimsBytes - left, left)
  memory.fill(BEGINNING, 0, textBytes + claimsBytes)
}

export function jwtForget(slot: usize): void {
  memory.fill(headAt(slot), 0, JWT_HEAD_BYTES)
}

/**
 * Puts together what is signed of one token, as the message of that index: what the slot holds and
 * then `claimsBytes` that wait in the message's place. Its length is kept at PARAMETERS.
 */
export function jwtAssemble(index: usize, slot: usize, claimsBytes: usize): void {
  const head = headAt(slot)
  const message = messageAt(index)
  const textBytes = <usize>load<u32>(head)
  const left = <usize>load<u32>(head, 4)
  const claims = message - MESSAGE_HEAD + JWT_CLAIMS_OFFSET
  memory.copy(message, head + TEXT, textBytes)
  // What was left over of the beginning goes right before the rest.
  for (let byte: usize = 0; byte < left; byte++) {
    store<u8>(claims - left + byte, load<u8>(head + 8 + byte))
  }
  const encoded = encodeBase64url(message + textBytes, claims - left, left + claimsBytes)
  store<u32>(LENGTHS + 4 * index, <u32>(textBytes + encoded))
}

/** Puts a dot and the signature behind what was signed; the token's length. */
function complete(index: usize): usize {
  const end = <usize>load<u32>(LENGTHS + 4 * index)
  const message = messageAt(index)
  store<u8>(message + end, DOT)
  const signature = OUTPUT + SIGNATURE_BYTES * index
  return end + 1 + encodeBase64url(message + end + 1, signature, SIGNATURE_BYTES)
}

/** Leaves the tokens' lengths at PARAMETERS, 0 for one that is not `good`, and answers with it. */
function completeMany(count: usize, good: u32): u32 {
  for (let index: usize = 0; index < count; index++) {
    const isGood = ((good >> <u32>index) & 1) != 0
    store<u32>(LENGTHS + 4 * index, isGood ? <u32>complete(index) : 0)
  }
  return good
}

/**
 * Signs the first of what was put together with the slot's key. Returns the length of the token,
 * which is the first message, or 0 if the signature failed its check.
 */
export function jwtEdSign(key: usize): usize {
  if (signAt(OUTPUT, key, messageAt(0), <usize>load<u32>(LENGTHS)) == 0) return 0
  return complete(0)
}

/**
 * Signs the first `count`, at most sixteen. The tokens' lengths are left as words at PARAMETERS; 0
 * for one that failed its check. Returns a bit for each that was signed.
 */
export function jwtEdSignMany(key: usize, count: usize): u32 {
  return completeMany(count, edSignMany(key, count))
}

/** As `jwtEdSign`, by ECDSA over P-256; `hedged` as `p256Sign` takes it. */
export function jwtP256Sign(key: usize, hedged: i32): usize {
  if (p256Sign(key, load<u32>(LENGTHS), hedged) == 0) return 0
  return complete(0)
}

/**
 * As `jwtEdSignMany`; `hedged` as `p256SignBatch` takes it. Where none was signed, an inversion
 * that they share failed: sign them one by one then.
 */
export function jwtP256SignMany(key: usize, count: usize, hedged: i32): u32 {
  return completeMany(count, <u32>p256SignBatch(key, count, hedged))
}
