import { createHash } from 'node:crypto'
import type { WasmInstance } from './wasm.ts'
import { slotsOf, writeAsciiInto, writeInto } from './wasm.ts'

const BLOCK_BYTES = 64
const MAC_BYTES = 32
const HEX_LENGTH = 64

/** One key of HMAC-SHA-256, whose first block of either hash was computed when it was prepared. */
export interface HmacKey {
  /** The 32-byte MAC; text is hashed as UTF-8. Throws a RangeError beyond some 130 KB. */
  sign(message: string | Uint8Array): Uint8Array
  /**
   * Whether `macHex` is the message's MAC in 64 lowercase hex digits; no other spelling passes.
   * Which digit differs takes no time to tell.
   */
  verifyHex(message: string | Uint8Array, macHex: string): boolean
  /** Whether `mac` is the message's MAC, all 32 bytes of it. */
  verify(message: string | Uint8Array, mac: Uint8Array): boolean
  /** Wipes the key; the key may not be used again. */
  forget(): void
}

/** Prepares keys of any length. */
export interface HmacKeys {
  prepare(key: Uint8Array): HmacKey
}

/**
 * Keys of HMAC-SHA-256 (RFC 2104) in a WebAssembly instance. `prepare` takes a key of any length,
 * and throws a RangeError when every slot is taken.
 */
export function createHmacKeys(instance: WasmInstance): HmacKeys {
  const { bytes, messagesAt, parametersAt, outputAt } = instance
  const prepareKey = instance.entry('hmacPrepare')
  const signKey = instance.entry('hmacSign')
  const verifyKey = instance.entry('hmacVerify')
  const verifyKeyHex = instance.entry('hmacVerifyHex')
  const forgetKey = instance.entry('macForget')
  const slots = slotsOf(instance, 'keys of MACs', 'macSlotsMax')
  const messagePlace = bytes.subarray(messagesAt, messagesAt + instance.hashBytesMax)
  const macPlace = bytes.subarray(parametersAt, parametersAt + MAC_BYTES)
  const hexPlace = bytes.subarray(parametersAt, parametersAt + HEX_LENGTH)
  const keyPlace = bytes.subarray(parametersAt, parametersAt + BLOCK_BYTES)
  const output = bytes.subarray(outputAt, outputAt + MAC_BYTES)
  const write = (message: string | Uint8Array) => writeInto(messagePlace, 'A message', message)

  return {
    prepare(key) {
      const slot = slots.take()
      // RFC 2104 §2: a key longer than a block is hashed first.
      const short = key.length > BLOCK_BYTES ? createHash('sha256').update(key).digest() : key
      keyPlace.fill(0)
      keyPlace.set(short)
      prepareKey(slot)
      return {
        sign(message) {
          signKey(slot, write(message))
          return Uint8Array.from(output)
        },
        verifyHex(message, macHex) {
          if (macHex.length !== HEX_LENGTH || !writeAsciiInto(hexPlace, macHex)) return false
          return verifyKeyHex(slot, write(message)) === 1
        },
        verify(message, mac) {
          if (mac.length !== MAC_BYTES) return false
          macPlace.set(mac)
          return verifyKey(slot, write(message)) === 1
        },
        forget() {
          forgetKey(slot)
          slots.release(slot)
        },
      }
    },
  }
}
