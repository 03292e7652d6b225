// Tokens (RFC 7519, compact form of RFC 7515 §3.1) put together where they are signed: a prepared
// beginning, the claims in base64url behind it, a dot, and the signature.
import { encodeBase64url } from './base64url'
import { edSignMany, signAt } from './ed25519-sign'
import {
  JWT_CLAIMS_OFFSET,
  JWT_HEAD_BYTES,
  JWT_HEADS,
  MESSAGE_HEAD,
  MESSAGE_STRIDE,
  MESSAGES,
  OUTPUT,
  PARAMETERS,
} from './layout'

const DOT: u8 = 0x2e
const SIGNATURE_BYTES: usize = 64

// In a slot: how long the text is, how many bytes of the claims' beginning did not fill a group of
// three, those bytes, and the text from byte 16 on.
const TEXT: usize = 16

function headAt(slot: usize): usize {
  return JWT_HEADS + slot * JWT_HEAD_BYTES
}

/**
 * Keeps a beginning in a slot: at PARAMETERS, `textBytes` of header text with its dot, then
 * `claimsBytes` of the JSON that every token's claims begin with.
 */
export function jwtPrepare(slot: usize, textBytes: usize, claimsBytes: usize): void {
  const head = headAt(slot)
  const left = claimsBytes % 3
  memory.copy(head + TEXT, PARAMETERS, textBytes)
  const encoded = encodeBase64url(
    head + TEXT + textBytes,
    PARAMETERS + textBytes,
    claimsBytes - left,
  )
  store<u32>(head, <u32>(textBytes + encoded))
  store<u32>(head, <u32>left, 4)
  memory.copy(head + 8, PARAMETERS + textBytes + claimsBytes - left, left)
  memory.fill(PARAMETERS, 0, textBytes + claimsBytes)
}

/** Puts the text to be signed together from `claimsBytes` waiting in its place; its length. */
function assemble(message: usize, head: usize, claimsBytes: usize): usize {
  const textBytes = <usize>load<u32>(head)
  const left = <usize>load<u32>(head, 4)
  const claims = message - MESSAGE_HEAD + JWT_CLAIMS_OFFSET
  memory.copy(message, head + TEXT, textBytes)
  // What was left over of the beginning goes right before the rest.
  for (let byte: usize = 0; byte < left; byte++) {
    store<u8>(claims - left + byte, load<u8>(head + 8 + byte))
  }
  return textBytes + encodeBase64url(message + textBytes, claims - left, left + claimsBytes)
}

/** Puts a dot and the signature behind the text; the token's length. */
function complete(message: usize, textBytes: usize, signature: usize): usize {
  store<u8>(message + textBytes, DOT)
  return textBytes + 1 + encodeBase64url(message + textBytes + 1, signature, SIGNATURE_BYTES)
}

/**
 * Signs one token: its claims, but for what the slot `head` holds, wait in the first message's
 * place. Returns the length of the token, which is the first message, or 0 if the signature
 * failed its check.
 */
export function jwtEdSign(head: usize, key: usize, claimsBytes: usize): usize {
  const message = MESSAGES + MESSAGE_HEAD
  const textBytes = assemble(message, headAt(head), claimsBytes)
  if (signAt(OUTPUT, key, message, textBytes) == 0) return 0
  return complete(message, textBytes, OUTPUT)
}

/**
 * Signs `count` tokens, at most sixteen. The claims' lengths are u32 at PARAMETERS, where the
 * tokens' lengths are left; 0 for one that failed its check. Returns a bit for each that was
 * signed.
 */
export function jwtEdSignMany(head: usize, key: usize, count: usize): u32 {
  for (let index: usize = 0; index < count; index++) {
    const place = PARAMETERS + 4 * index
    const message = MESSAGES + index * MESSAGE_STRIDE + MESSAGE_HEAD
    store<u32>(place, <u32>assemble(message, headAt(head), <usize>load<u32>(place)))
  }
  const good = edSignMany(key, count)
  for (let index: usize = 0; index < count; index++) {
    const place = PARAMETERS + 4 * index
    const message = MESSAGES + index * MESSAGE_STRIDE + MESSAGE_HEAD
    const isGood = ((good >> <u32>index) & 1) != 0
    const textBytes = <usize>load<u32>(place)
    const signature = OUTPUT + SIGNATURE_BYTES * index
    store<u32>(place, isGood ? <u32>complete(message, textBytes, signature) : 0)
  }
  return good
}
