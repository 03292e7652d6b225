import type { KeyObject } from 'node:crypto'
import { createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

export const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

export interface KeyPair {
  readonly secret: Buffer
  /** x and y. */
  readonly point: Buffer
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function keyPairOf(secret: Buffer): KeyPair {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(secret)
  const point = ecdh.getPublicKey().subarray(1)
  const x = point.subarray(0, 32).toString('base64url')
  const y = point.subarray(32).toString('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x, y }
  const d = secret.toString('base64url')
  return {
    secret,
    point,
    privateKey: createPrivateKey({ key: { ...jwk, d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: jwk, format: 'jwk' }),
  }
}

export function signByNode(key: KeyPair, message: Uint8Array): Buffer {
  return sign('sha256', message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
}

export function isValidByNode(key: KeyPair, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

/** The non-negative remainder. */
export function mod(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus
}

/** By the extended algorithm of Euclid; 0 for 0. */
export function inverseOf(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, mod(value, modulus)]
  let [factor, nextFactor] = [0n, 1n]
  while (next !== 0n) {
    const quotient = rest / next
    ;[rest, next] = [next, rest - quotient * next]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return rest === 1n ? mod(factor, modulus) : 0n
}

/** 32 bytes, the most significant first. */
export function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** y² of the curve. */
export function cubic(x: bigint): bigint {
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
  return mod(x * x * x - 3n * x + b, PRIME)
}

/** The square root mod the prime, which is 3 mod 4; `undefined` for a number that is no square. */
export function rootOf(square: bigint): bigint | undefined {
  let [root, base] = [1n, square]
  for (let exponent = (PRIME + 1n) / 4n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) root = (root * base) % PRIME
    base = (base * base) % PRIME
  }
  return (root * root) % PRIME === square ? root : undefined
}
