import { hash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Dice } from './dice.ts'

export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const PRIME = 2n ** 255n - 19n
const POINT = ed25519.Point
type Point = typeof POINT.BASE

export function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

/** The eight points that eight times is the neutral one; the first is that one itself. */
const TORSION = createTorsion()

function createTorsion(): Point[] {
  // An eighth point: the order times any point is in the torsion group, and of half of them whole.
  for (let y = 2n; ; y++) {
    let point: Point
    try {
      point = POINT.fromBytes(littleEndian(y), true)
    } catch {
      continue
    }
    const eighth = point.multiply(ORDER - 1n).add(point)
    if (eighth.double().double().equals(POINT.ZERO)) continue
    const points = [POINT.ZERO]
    while (points.length < 8) points.push((points.at(-1) as Point).add(eighth))
    return points
  }
}

/** Every encoding whose point is of small order, canonical or not. */
const SMALL_ORDER = new Set(
  TORSION.flatMap((point) => {
    const { y } = point.toAffine()
    const spellings = y + PRIME < 2n ** 255n ? [y, y + PRIME] : [y]
    return spellings.flatMap((each) => [each, each + 2n ** 255n])
  }).map((y) => littleEndian(y).toString('hex')),
)
export const SMALL_ORDER_LIST = [...SMALL_ORDER].map((hex) => Buffer.from(hex, 'hex'))

export function isOfSmallOrder(encoding: Uint8Array): boolean {
  const bytes = Buffer.from(encoding.buffer, encoding.byteOffset, encoding.byteLength)
  return SMALL_ORDER.has(bytes.toString('hex'))
}

/** Whether y, without the sign of x, is not below the prime: RFC 8032 §5.1.3 refuses it. */
export function isNotCanonical(encoding: Uint8Array): boolean {
  const y = fromLittleEndian(encoding) & (2n ** 255n - 1n)
  return y >= PRIME
}

/**
 * Where our rule is stricter than node:crypto's and a good equation is refused all the same. For a
 * key of small order one signature is good for many messages; an R of small order comes of a nonce
 * that hides nothing; a second spelling of a key is a second key to whoever compares bytes.
 */
export function isRefusedByRuleAlone(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    isOfSmallOrder(publicKey) ||
    isNotCanonical(publicKey) ||
    isOfSmallOrder(signature.subarray(0, 32))
  )
}

/** A key of which everything is known, with the encodings of itself plus each torsion point. */
interface KnownKey {
  readonly scalar: bigint
  readonly encodings: readonly Buffer[]
}

/** Keys and nonces made once: a multiplication by the oracle takes a millisecond. */
export function createKnownKeys(dice: Dice, count: number): KnownKey[] {
  return Array.from({ length: count }, () => {
    const scalar = 1n + (fromLittleEndian(dice.bytes(32)) % (ORDER - 1n))
    const point = POINT.BASE.multiply(scalar)
    const encodings = TORSION.map((torsion) => Buffer.from(point.add(torsion).toBytes()))
    return { scalar, encodings }
  })
}

export type Signed = { message: Buffer; signature: Buffer }

/**
 * A key and signatures made by whoever holds the secret and keeps to no rule: the key may have a
 * part of small order, R another, or R may be nothing but that.
 */
export function forge(
  dice: Dice,
  known: readonly KnownKey[],
  count: number,
): { publicKey: Buffer; items: Signed[] } {
  const key = dice.pick(known)
  const publicKey = dice.pick(key.encodings)
  const items = Array.from({ length: count }, () => {
    const message = dice.bytes(dice.below(64))
    const nonce = dice.once(4) ? undefined : dice.pick(known)
    const R = dice.pick(nonce?.encodings ?? SMALL_ORDER_LIST)
    const digest = hash('sha512', Buffer.concat([R, publicKey, message]), 'buffer')
    const challenge = fromLittleEndian(digest) % ORDER
    const S = ((nonce?.scalar ?? 0n) + challenge * key.scalar) % ORDER
    return { message, signature: Buffer.concat([R, littleEndian(S)]) }
  })
  return { publicKey, items }
}
