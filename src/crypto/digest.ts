import { hash } from 'node:crypto'
import type { WasmInstance } from './wasm.ts'
import { writeInto } from './wasm.ts'

/** SHA-256 over the text's UTF-8 bytes, as 43 base64url characters. */
export function sha256Base64url(text: string): string {
  // One call into the native side; createHash costs an object and three calls.
  return hash('sha256', text, 'base64url')
}

/**
 * A name for the session that upstreams may compare and log. The label keeps it apart from the
 * session's hash, which is its key in the store: one cannot be had from the other backwards.
 */
export function sidOf(sessionHash: string): string {
  return sha256Base64url(`dvara sid ${sessionHash}`)
}

/** Digests computed in WebAssembly, which what signs there shares. */
export interface Digests {
  /** The 32 bytes of SHA-256. Throws a RangeError beyond some 130 KB. */
  sha256(message: string | Uint8Array): Uint8Array
  /** The 64 bytes of SHA-512. Throws a RangeError beyond some 130 KB. */
  sha512(message: string | Uint8Array): Uint8Array
}

export function createDigests(instance: WasmInstance): Digests {
  const { bytes, messagesAt, outputAt } = instance
  const place = bytes.subarray(messagesAt, messagesAt + instance.hashBytesMax)
  const digest = (name: string, digestBytes: number) => {
    const compute = instance.entry(name)
    const output = bytes.subarray(outputAt, outputAt + digestBytes)
    return (message: string | Uint8Array) => {
      compute(writeInto(place, 'A message', message))
      return Uint8Array.from(output)
    }
  }
  return { sha256: digest('sha256', 32), sha512: digest('sha512', 64) }
}
