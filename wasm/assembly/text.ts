import { decodeBase64url, encodeBase64url } from './base64url'
import { MESSAGE_HEAD, MESSAGE_STRIDE, MESSAGES } from './layout'

const SOURCE = MESSAGES + MESSAGE_HEAD
const TARGET = MESSAGES + 2 * MESSAGE_STRIDE + MESSAGE_HEAD

/** The text of the first message's bytes, at the third message's place; returns its length. */
export function base64urlEncode(length: usize): usize {
  return encodeBase64url(TARGET, SOURCE, length)
}

/** The bytes of the first message's text, at the third message's place; -1 if not canonical. */
export function base64urlDecode(length: usize): i32 {
  return decodeBase64url(TARGET, SOURCE, length)
}
