import { createHash, randomFillSync } from 'node:crypto'
import { createTokens, type TokenSigning, type Tokens } from './tokens.ts'
import type { WasmInstance } from './wasm.ts'
import { faultyArithmetic, slotsOf } from './wasm.ts'

/** How many messages one call signs together. */
export const P256_BATCH_MAX = 16

const PRIVATE_KEY_BYTES = 32
const PUBLIC_KEY_BYTES = 64
const SIGNATURE_BYTES = 64
/** Two are as quick one after another: a batch searches its tables for sixteen. */
const BATCH_MIN = 3
/** What a hedged nonce takes from the generator, for each signature. */
const RANDOM_BYTES = 16
/** In place of a length: the digest lies where the message would. */
const HASHED = 0xffff_ffff
/** One call to the generator costs over a microsecond however little it fills. */
const POOL_BYTES = 4096

/**
 * `hedged` mixes random bytes into what the key and the message give, against faults and power
 * analysis; `deterministic` is RFC 6979, the same signature every time and some tenth slower.
 */
export type P256Nonce = 'hedged' | 'deterministic'

/** One P-256 key that signs. */
export interface P256Signer {
  /** x and y of the public key, 32 bytes each, as computed from the private one. */
  readonly publicKey: Uint8Array
  /**
   * ECDSA with SHA-256 as JWS wants it (RFC 7518 §3.4): r and s, 32 bytes each. Throws an Error if
   * the signature failed its checks: then the arithmetic is at fault.
   */
  sign(message: Uint8Array): Uint8Array
  /** The signatures of up to sixteen messages; a slot is `undefined` where a check failed. */
  signMany(messages: readonly Uint8Array[]): (Uint8Array | undefined)[]
  /** Tokens of this key that begin with this encoded header and its dot. */
  prepareTokens(text: string): Tokens
  /** Wipes the key; the signer may not be used again. */
  forget(): void
}

export interface P256Signers {
  /**
   * Throws a RangeError unless the 32 bytes are a number from 1 to the order less 1, or no slot is
   * left.
   */
  prepare(privateKey: Uint8Array): P256Signer
}

/**
 * Signers in a WebAssembly instance that holds secrets. Builds the tables of the base point, which
 * takes some milliseconds: call it once for an instance. `randomInto` fills what hedged nonces
 * take.
 */
export function createP256Signers(
  instance: WasmInstance,
  options: { nonce?: P256Nonce; randomInto?: (target: Uint8Array) => void } = {},
): P256Signers {
  const { nonce = 'hedged', randomInto = createRandomPool() } = options
  instance.entry('p256StartSigning')()
  const { bytes, parametersAt, outputAt } = instance
  const keepKey = instance.entry('p256KeepKey')
  const forgetKey = instance.entry('p256ForgetKey')
  const computePublicKey = instance.entry('p256PublicKey')
  const slots = slotsOf(instance, 'P-256 signing keys', 'p256KeySlotsMax')
  const tokens = createTokens(instance)
  const hedging = createHedging(instance, nonce === 'hedged' ? randomInto : undefined)

  function readPublicKey(slot: number): Uint8Array {
    if (computePublicKey(slot) !== 1) throw faultyArithmetic()
    return Uint8Array.from(bytes.subarray(outputAt, outputAt + PUBLIC_KEY_BYTES))
  }

  return {
    prepare(privateKey) {
      if (privateKey.length !== PRIVATE_KEY_BYTES) throw badPrivateKey()
      const slot = slots.take()
      bytes.set(privateKey, parametersAt)
      if (keepKey(slot) !== 1) {
        slots.release(slot)
        throw badPrivateKey()
      }
      return {
        publicKey: readPublicKey(slot),
        ...createSigning(instance, slot, hedging),
        prepareTokens: (text) => tokens.prepare(text, tokenSigning(instance, slot, hedging)),
        forget() {
          forgetKey(slot)
          slots.release(slot)
        },
      }
    },
  }
}

/** What nonces are hedged with. */
interface Hedging {
  /** Draws for so many signatures, each its own. */
  draw(count: number): void
  /** As the module takes it: 0 where nonces are deterministic. */
  readonly flag: 0 | 1
}

function createHedging(
  { bytes, entry }: WasmInstance,
  randomInto: ((target: Uint8Array) => void) | undefined,
): Hedging {
  if (randomInto === undefined) return { draw() {}, flag: 0 }
  const at = entry('randomAt')()
  const places = Array.from({ length: P256_BATCH_MAX + 1 }, (_, count) =>
    bytes.subarray(at, at + RANDOM_BYTES * count),
  )
  return { draw: (count) => randomInto(places[count] as Uint8Array), flag: 1 }
}

function tokenSigning(instance: WasmInstance, slot: number, hedging: Hedging): TokenSigning {
  const signOne = instance.entry('jwtP256Sign')
  const signMany = instance.entry('jwtP256SignMany')
  return {
    one() {
      hedging.draw(1)
      return signOne(slot, hedging.flag)
    },
    many(count) {
      hedging.draw(count)
      signMany(slot, count, hedging.flag)
    },
    manyMin: BATCH_MIN,
  }
}

function createSigning(
  instance: WasmInstance,
  slot: number,
  hedging: Hedging,
): Pick<P256Signer, 'sign' | 'signMany'> {
  const { bytes, parametersAt, outputAt } = instance
  const signOne = instance.entry('p256Sign')
  const signBatch = instance.entry('p256SignBatch')

  function signAlone(message: Uint8Array): Uint8Array | undefined {
    const length = placeMessage(instance, 0, message)
    hedging.draw(1)
    return signOne(slot, length, hedging.flag) === 1 ? readSignature(bytes, outputAt) : undefined
  }

  function signTogether(messages: readonly Uint8Array[]): number {
    messages.forEach((message, index) => {
      bytes.writeUInt32LE(placeMessage(instance, index, message), parametersAt + 4 * index)
    })
    hedging.draw(messages.length)
    return signBatch(slot, messages.length, hedging.flag)
  }

  return {
    sign(message) {
      const signature = signAlone(message)
      if (signature === undefined) throw faultyArithmetic()
      return signature
    },
    signMany(messages) {
      const count = messages.length
      if (count > P256_BATCH_MAX) throw new RangeError(`More than ${P256_BATCH_MAX} messages.`)
      if (count < BATCH_MIN) return messages.map(signAlone)
      const signed = signTogether(messages)
      const signatures = messages.map((_, index) =>
        ((signed >>> index) & 1) === 0
          ? undefined
          : readSignature(bytes, outputAt + index * SIGNATURE_BYTES),
      )
      // One alone has an inversion and, if hedged, random bytes of its own: nothing is used twice.
      return messages.map((message, index) => signatures[index] ?? signAlone(message))
    },
  }
}

/**
 * Writes the message, or the digest of one too long, and returns what the module takes as its
 * length.
 */
export function placeMessage(instance: WasmInstance, lane: number, message: Uint8Array): number {
  const { bytes, messagesAt, messageStride, messageBytesMax } = instance
  const at = messagesAt + lane * messageStride
  if (message.length <= messageBytesMax) {
    bytes.set(message, at)
    return message.length
  }
  bytes.set(createHash('sha256').update(message).digest(), at)
  return HASHED
}

function readSignature(bytes: Buffer, at: number): Uint8Array {
  return new Uint8Array(bytes.subarray(at, at + SIGNATURE_BYTES))
}

function createRandomPool(): (target: Uint8Array) => void {
  const pool = Buffer.alloc(POOL_BYTES)
  let takenBytes = POOL_BYTES
  return (target) => {
    if (takenBytes + target.length > POOL_BYTES) {
      randomFillSync(pool)
      takenBytes = 0
    }
    // For so few bytes a loop is a sixth of the time of `set` and `fill`.
    for (let at = 0; at < target.length; at++) {
      target[at] = pool[takenBytes] as number
      // What was handed out must not lie in memory to be handed out again.
      pool[takenBytes++] = 0
    }
  }
}

function badPrivateKey(): RangeError {
  return new RangeError('A P-256 private key is 32 bytes: a number from 1 to the order less 1.')
}
