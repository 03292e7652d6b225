import type { WasmInstance } from './wasm.ts'
import { writeAsciiInto, writeInto } from './wasm.ts'

/**
 * The bytes of unpadded base64url text (RFC 4648 §5), or `undefined` unless the text is the one
 * canonical spelling of them: no padding, no white space, no bits left over. Two spellings of one
 * signature would make two tokens out of one.
 */
export function parseBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** base64url in WebAssembly: the same that puts tokens together where they are signed. */
export interface Base64url {
  /** The unpadded text of the bytes. Throws a RangeError beyond some 7 KB. */
  encode(bytes: Uint8Array): string
  /** As parseBase64url; `undefined` also for text beyond some 7 KB. */
  parse(text: string): Uint8Array | undefined
}

export function createBase64url(instance: WasmInstance): Base64url {
  const { bytes, messagesAt, messageStride, messageBytesMax } = instance
  const encodeText = instance.entry('base64urlEncode')
  const decodeText = instance.entry('base64urlDecode')
  const place = bytes.subarray(messagesAt, messagesAt + messageBytesMax)
  // The third message's place: text of a message may be longer than one place.
  const answerAt = messagesAt + 2 * messageStride
  return {
    encode(source) {
      const length = encodeText(writeInto(place, 'A message', source))
      return bytes.toString('latin1', answerAt, answerAt + length)
    },
    parse(text) {
      if (text.length > messageBytesMax) return undefined
      if (!writeAsciiInto(place.subarray(0, text.length), text)) return undefined
      const length = decodeText(text.length)
      return length < 0 ? undefined : Uint8Array.from(bytes.subarray(answerAt, answerAt + length))
    },
  }
}
