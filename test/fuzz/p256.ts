import { createHash, createHmac } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import type { P256Signer } from '../../src/crypto/p256.ts'
import { createP256Signers, P256_BATCH_MAX } from '../../src/crypto/p256.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import {
  bytesOf,
  isValidByNode,
  keyPairOf,
  mod,
  numberOf,
  ORDER,
  PRIME,
  signByNode,
} from '../crypto/p256-fixture.ts'
import type { Dice } from './dice.ts'
import { p256PublicKeyOf } from './node-keys.ts'
import { target } from './target.ts'

const MESSAGE_BYTES_MAX = 400
const ITEMS_PER_KEY = 48
const TABLES_BYTES_MAX = 2 << 20
/** The third implementation takes a millisecond a signature. */
const NOBLE_ONCE_IN = 24

/** A private key, now and then one at an end of the range. */
export function drawSecret(dice: Dice): Buffer {
  if (dice.once(64)) return bytesOf(dice.pick([1n, 2n, 3n, ORDER - 1n, ORDER - 2n, 2n ** 255n]))
  return bytesOf(1n + mod(numberOf(dice.bytes(32)), ORDER - 1n))
}

const SHA256_BYTES = 32
const hmac = (key: Buffer, ...parts: Buffer[]) =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest()

/** The nonce of RFC 6979 §3.2, written down from its text. */
function nonceOf(secret: Buffer, digest: Buffer): bigint {
  const reduced = bytesOf(mod(numberOf(digest), ORDER))
  let v: Buffer = Buffer.alloc(SHA256_BYTES, 1)
  let k: Buffer = Buffer.alloc(SHA256_BYTES, 0)
  for (const round of [0, 1]) {
    k = hmac(k, v, Buffer.of(round), secret, reduced)
    v = hmac(k, v)
  }
  for (;;) {
    v = hmac(k, v)
    const candidate = numberOf(v)
    if (candidate > 0n && candidate < ORDER) return candidate
    k = hmac(k, v, Buffer.of(0))
    v = hmac(k, v)
  }
}

/** Whether k s = digest + r secret for this nonce k. Whether r is its point's, node:crypto says. */
function hasNonce(signature: Uint8Array, secret: Buffer, digest: Buffer, nonce: bigint): boolean {
  const r = numberOf(signature.subarray(0, 32))
  const s = numberOf(signature.subarray(32))
  return mod(nonce * s, ORDER) === mod(numberOf(digest) + r * numberOf(secret), ORDER)
}

type SignCase = {
  secret: Buffer
  messages: Buffer[]
  /** What hedged nonces take, over and over; empty for nonces by RFC 6979. */
  random: Buffer
  isThirdAsked: boolean
}

export const p256SignTarget = target<SignCase>({
  name: 'p256-sign',
  about: 'ES256 signatures valid to node:crypto; nonces by RFC 6979 and as @noble/curves has them',
  share: 2,
  start() {
    const instance = createWasmInstance()
    let random: Uint8Array = Buffer.alloc(1)
    const hedged = createP256Signers(instance, { randomInto: (place) => repeat(place, random) })
    const deterministic = createP256Signers(instance, { nonce: 'deterministic' })
    return {
      draw: (dice) => ({
        secret: drawSecret(dice),
        messages: Array.from({ length: 1 + dice.below(P256_BATCH_MAX) }, () =>
          dice.bytes(dice.length(MESSAGE_BYTES_MAX)),
        ),
        random: dice.once(2) ? dice.bytes(256) : Buffer.alloc(0),
        isThirdAsked: dice.once(NOBLE_ONCE_IN),
      }),
      inputsOf: ({ messages }) => messages.length,
      judge(input) {
        random = input.random
        const isHedged = random.length > 0
        const signer = (isHedged ? hedged : deterministic).prepare(input.secret)
        try {
          return isHedged ? judgeValid(signer, input) : judgeDeterministic(signer, input)
        } finally {
          signer.forget()
        }
      },
    }
  },
})

function repeat(place: Uint8Array, bytes: Uint8Array): void {
  for (let at = 0; at < place.length; at++) place[at] = bytes[at % bytes.length] as number
}

function judgeValid(signer: P256Signer, { secret, messages }: SignCase): string | undefined {
  const pair = keyPairOf(secret)
  if (!pair.point.equals(signer.publicKey)) return 'the public key'
  for (const [index, signature] of signer.signMany(messages).entries()) {
    const message = messages[index] as Buffer
    if (signature === undefined) return `message ${index} is not signed`
    if (!isValidByNode(pair, message, signature)) return `message ${index}`
  }
  const [first] = messages
  if (first === undefined) return undefined
  return isValidByNode(pair, first, signer.sign(first)) ? undefined : 'message 0 alone'
}

function judgeDeterministic(signer: P256Signer, input: SignCase): string | undefined {
  const invalid = judgeValid(signer, input)
  if (invalid !== undefined) return invalid
  const { secret, messages, isThirdAsked } = input
  for (const [index, signature] of signer.signMany(messages).entries()) {
    const message = messages[index] as Buffer
    const digest = createHash('sha256').update(message).digest()
    const alone = signer.sign(message)
    if (signature === undefined || !Buffer.from(alone).equals(signature)) return `${index}: alone`
    const nonce = nonceOf(secret, digest)
    if (!hasNonce(alone, secret, digest, nonce)) return `the nonce of message ${index}`
  }
  const [first] = messages
  if (!isThirdAsked || first === undefined) return undefined
  const theirs = p256.sign(first, secret, { lowS: false })
  return Buffer.from(theirs).equals(signer.sign(first)) ? undefined : 'another than noble’s'
}

export type Signed = { message: Buffer; signature: Buffer }

/** Makes what a good signature is into something else, or leaves it. */
const SPOILS: readonly ((dice: Dice, good: Signed) => Signed)[] = [
  (_, good) => good,
  (_, good) => withNumbers(good, (r, s) => [r, ORDER - s]),
  (dice, good) => withNumbers(good, (_, s) => [outOfRange(dice), s]),
  (dice, good) => withNumbers(good, (r) => [r, outOfRange(dice)]),
  (_, good) => withNumbers(good, (r, s) => [r + ORDER, s]),
  (_, good) => withNumbers(good, (r, s) => [s, r]),
  (_, good) => withNumbers(good, (r, s) => [ORDER - r, s]),
  (dice, { message, signature }) => ({ message, signature: turned(dice, signature) }),
  (dice, { message, signature }) => ({ message: turned(dice, message), signature }),
  (dice, { message, signature }) => ({
    message,
    signature: Buffer.concat([signature, dice.bytes(64)]).subarray(
      0,
      dice.pick([0, 1, 32, 63, 65, 72, 128]),
    ),
  }),
  (dice, { message }) => ({ message, signature: dice.bytes(64) }),
]

function outOfRange(dice: Dice): bigint {
  return dice.pick([0n, ORDER, ORDER + 1n, PRIME, 2n ** 256n - 1n, 1n, ORDER - 1n])
}

function withNumbers(
  { message, signature }: Signed,
  change: (r: bigint, s: bigint) => readonly [bigint, bigint],
): Signed {
  const numbers = change(numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32)))
  const wrapped = numbers.map((number) => bytesOf(number & (2n ** 256n - 1n)))
  return { message, signature: Buffer.concat(wrapped) }
}

function turned(dice: Dice, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = dice.below(copy.length)
  if (copy.length > 0) copy[at] = (copy[at] as number) ^ (1 << dice.below(8))
  return copy
}

type VerifyCase = { point: Buffer; hasTable: boolean; items: Signed[] }

export const p256VerifyTarget = target<VerifyCase>({
  name: 'p256-verify',
  about: 'ES256 verdicts on good, altered and malformed signatures and keys against node:crypto',
  share: 3,
  start() {
    const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
    const withTables = createP256Keys(instance, { usesBeforeTable: 1 })
    const without = createP256Keys(createWasmInstance(), { usesBeforeTable: 2 ** 30 })
    return {
      draw(dice) {
        const pair = keyPairOf(drawSecret(dice))
        const point = dice.once(16) ? turned(dice, pair.point) : pair.point
        const items = Array.from({ length: ITEMS_PER_KEY }, () => {
          const message = dice.bytes(dice.length(MESSAGE_BYTES_MAX))
          const good = { message, signature: signByNode(pair, message) }
          return dice.once(2) ? dice.pick(SPOILS)(dice, good) : good
        })
        return { point, hasTable: !dice.once(8), items }
      },
      inputsOf: ({ items }) => items.length,
      judge({ point, hasTable, items }) {
        const key = (hasTable ? withTables : without).prepare(point)
        const publicKey = p256PublicKeyOf(point)
        if (publicKey === undefined || key === undefined) {
          return (publicKey === undefined) === (key === undefined) ? undefined : 'the key'
        }
        try {
          const pair = { secret: point, point, privateKey: publicKey, publicKey }
          const wrong = items.findIndex(
            ({ message, signature }) =>
              key.verify(message, signature) !== isValidByNode(pair, message, signature),
          )
          return wrong === -1 ? undefined : `item ${wrong}`
        } finally {
          key.forget()
        }
      },
    }
  },
})
