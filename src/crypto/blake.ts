import type { WasmInstance } from './wasm.ts'
import { slotsOf, writeAsciiInto, writeInto } from './wasm.ts'

export const BLAKE_KEY_BYTES = 32
const MAC_BYTES = 32
const TEXT_LENGTH = 43

/** More would be a second block of BLAKE3; what is sealed with this is a short identifier. */
export const BLAKE_MESSAGE_BYTES_MAX = 64

/** One key of BLAKE3's keyed hash: a MAC for our own opaque values, one compression long. */
export interface BlakeKey {
  /** The 32-byte MAC of at most 64 bytes; text counts as UTF-8. Throws a RangeError beyond. */
  sign(message: string | Uint8Array): Uint8Array
  /** The MAC as 43 characters of base64url. */
  signText(message: string | Uint8Array): string
  /** Whether `mac` is the message's MAC; `false` also for a message that is too long. */
  verify(message: string | Uint8Array, mac: Uint8Array): boolean
  /** Whether `mac` is the message's MAC as 43 characters of base64url; no other spelling passes. */
  verifyText(message: string | Uint8Array, mac: string): boolean
  /** Wipes the key; the key may not be used again. */
  forget(): void
}

/** Prepares keys of 32 bytes; a RangeError for any other length. */
export interface BlakeKeys {
  prepare(key: Uint8Array): BlakeKey
}

/** Keys of BLAKE3 (§2.3, keyed hash) in a WebAssembly instance. */
export function createBlakeKeys(instance: WasmInstance): BlakeKeys {
  const { bytes, messagesAt, parametersAt, outputAt } = instance
  const prepareKey = instance.entry('blakePrepare')
  const forgetKey = instance.entry('macForget')
  const slots = slotsOf(instance, 'keys of MACs', 'macSlotsMax')
  const keyPlace = bytes.subarray(parametersAt, parametersAt + BLAKE_KEY_BYTES)

  return {
    prepare(key) {
      if (key.length !== BLAKE_KEY_BYTES) throw new RangeError('A BLAKE3 key is 32 bytes.')
      const slot = slots.take()
      keyPlace.set(key)
      prepareKey(slot)
      return {
        ...createSigning(slot),
        ...createVerification(slot),
        forget() {
          forgetKey(slot)
          slots.release(slot)
        },
      }
    },
  }

  function createSigning(slot: number): Pick<BlakeKey, 'sign' | 'signText'> {
    const signKey = instance.entry('blakeSign')
    const signKeyText = instance.entry('blakeSignText')
    const place = bytes.subarray(messagesAt, messagesAt + BLAKE_MESSAGE_BYTES_MAX)
    const output = bytes.subarray(outputAt, outputAt + MAC_BYTES)
    return {
      sign(message) {
        signKey(slot, writeInto(place, 'A message', message))
        return Uint8Array.from(output)
      },
      signText(message) {
        signKeyText(slot, writeInto(place, 'A message', message))
        return bytes.toString('latin1', outputAt, outputAt + TEXT_LENGTH)
      },
    }
  }

  function createVerification(slot: number): Pick<BlakeKey, 'verify' | 'verifyText'> {
    const verifyKey = instance.entry('blakeVerify')
    const verifyKeyText = instance.entry('blakeVerifyText')
    // Room for three bytes a character: what is too long is refused, not thrown out.
    const place = bytes.subarray(messagesAt, messagesAt + 3 * BLAKE_MESSAGE_BYTES_MAX)
    const macPlace = bytes.subarray(parametersAt, parametersAt + MAC_BYTES)
    const textPlace = bytes.subarray(parametersAt, parametersAt + TEXT_LENGTH)
    const write = (message: string | Uint8Array) => {
      if (message.length > BLAKE_MESSAGE_BYTES_MAX) return undefined
      const written = writeInto(place, 'A message', message)
      return written > BLAKE_MESSAGE_BYTES_MAX ? undefined : written
    }
    return {
      verify(message, mac) {
        const written = write(message)
        if (written === undefined || mac.length !== MAC_BYTES) return false
        macPlace.set(mac)
        return verifyKey(slot, written) === 1
      },
      verifyText(message, mac) {
        const written = write(message)
        if (written === undefined || mac.length !== TEXT_LENGTH) return false
        if (!writeAsciiInto(textPlace, mac)) return false
        return verifyKeyText(slot, written) === 1
      },
    }
  }
}
