// Keys of node:crypto by way of JWK: it decodes DER fifty times as slowly.
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'

/** An Ed25519 key from its seed; node:crypto computes the public half itself. */
export function privateKeyOf(seed: Buffer): KeyObject {
  const d = seed.toString('base64url')
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x: d }, format: 'jwk' })
}

export function publicBytesOf(privateKey: KeyObject): Buffer {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return Buffer.from(x, 'base64url')
}

/** An Ed25519 key from its 32 bytes, whatever they are. */
export function publicKeyOf(bytes: Buffer): KeyObject {
  const x = bytes.toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** A P-256 key from x and y, or `undefined` where node:crypto finds no point of the curve. */
export function p256PublicKeyOf(point: Buffer): KeyObject | undefined {
  const x = point.subarray(0, 32).toString('base64url')
  const y = point.subarray(32).toString('base64url')
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  } catch {
    return undefined
  }
}
