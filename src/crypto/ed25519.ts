import { createTokens, type Tokens } from './tokens.ts'
import type { WasmInstance } from './wasm.ts'
import { faultyArithmetic, slotsOf } from './wasm.ts'

/** How many messages one call signs or verifies together. */
export const BATCH_MAX = 16

const SEED_BYTES = 32
const PUBLIC_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** Below this many, one after another is quicker: a batch searches its tables for sixteen. */
const BATCH_MIN = 4

/** One Ed25519 key that signs. */
export interface Ed25519Signer {
  /** The 32 bytes of the public key, as computed from the seed. */
  readonly publicKey: Uint8Array
  /**
   * The 64 bytes of RFC 8032 §5.1.6. Throws a RangeError for a message beyond some 7 KB, and an
   * Error if the signature failed the check that it is a point of the curve: then the arithmetic
   * is at fault.
   */
  sign(message: Uint8Array): Uint8Array
  /** The signatures of up to sixteen messages; a slot is `undefined` where that check failed. */
  signMany(messages: readonly Uint8Array[]): (Uint8Array | undefined)[]
  /** Tokens of this key that begin with this encoded header and its dot. */
  prepareTokens(text: string): Tokens
  /** Wipes the key; the signer may not be used again. */
  forget(): void
}

/**
 * Signers in a WebAssembly instance that holds secrets. Builds the tables of the base point, which
 * takes some milliseconds: call it once.
 */
export function createEd25519Signers(instance: WasmInstance): {
  /** Throws a RangeError for a seed that is not 32 bytes or when every slot is taken. */
  prepare(seed: Uint8Array): Ed25519Signer
} {
  instance.entry('edPrepareSign')()
  const { bytes, parametersAt, outputAt } = instance
  const prepareKey = instance.entry('edSignPrepare')
  const forgetKey = instance.entry('edSignForget')
  const slots = slotsOf(instance, 'signing keys', 'edSignSlotsMax')
  const tokens = createTokens(instance)
  const signToken = instance.entry('jwtEdSign')
  const signTokens = instance.entry('jwtEdSignMany')

  return {
    prepare(seed) {
      if (seed.length !== SEED_BYTES) throw new RangeError('An Ed25519 seed is 32 bytes.')
      const slot = slots.take()
      bytes.set(seed, parametersAt)
      if (prepareKey(slot) !== 1) {
        forgetKey(slot)
        slots.release(slot)
        throw faultyArithmetic()
      }
      const publicKey = Uint8Array.from(bytes.subarray(outputAt, outputAt + PUBLIC_KEY_BYTES))
      return {
        publicKey,
        ...createSigning(instance, slot),
        prepareTokens: (text) =>
          tokens.prepare(text, {
            one: () => signToken(slot),
            many: (count) => signTokens(slot, count),
            manyMin: BATCH_MIN,
          }),
        forget() {
          forgetKey(slot)
          slots.release(slot)
        },
      }
    },
  }
}

function createSigning(
  instance: WasmInstance,
  slot: number,
): Pick<Ed25519Signer, 'sign' | 'signMany'> {
  const { bytes, messagesAt, messageStride, messageBytesMax, parametersAt, outputAt } = instance
  const signOne = instance.entry('edSign')
  const signBatch = instance.entry('edSignMany')
  const output = bytes.subarray(outputAt, outputAt + SIGNATURE_BYTES)

  function requireLength(message: Uint8Array): void {
    if (message.length > messageBytesMax)
      throw new RangeError(`A message longer than ${messageBytesMax} bytes.`)
  }

  function signAlone(message: Uint8Array): Uint8Array | undefined {
    requireLength(message)
    bytes.set(message, messagesAt)
    return signOne(slot, message.length) === 1 ? new Uint8Array(output) : undefined
  }

  return {
    sign(message) {
      const signature = signAlone(message)
      if (signature === undefined) throw faultyArithmetic()
      return signature
    },
    signMany(messages) {
      if (messages.length > BATCH_MAX) throw new RangeError(`More than ${BATCH_MAX} messages.`)
      if (messages.length < BATCH_MIN) return messages.map(signAlone)
      messages.forEach((message, index) => {
        requireLength(message)
        bytes.set(message, messagesAt + index * messageStride)
        bytes.writeUInt32LE(message.length, parametersAt + 4 * index)
      })
      const signed = signBatch(slot, messages.length)
      return messages.map((_, index) => {
        if (((signed >>> index) & 1) === 0) return undefined
        const at = outputAt + index * SIGNATURE_BYTES
        return new Uint8Array(bytes.subarray(at, at + SIGNATURE_BYTES))
      })
    },
  }
}
