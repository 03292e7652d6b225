import type { KeyObject } from 'node:crypto'

const P = 2n ** 255n - 19n
/** One of the two y of points of order 8; the other is its negative. */
const Y_OF_ORDER_8 = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

/** Of the points whose order divides 8 (RFC 8032 §5.1), whatever the sign of x. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  ...[0n, 1n, P - 1n],
  ...[Y_OF_ORDER_8, P - Y_OF_ORDER_8],
])

/** What all keys are made with; 3 has let forged paddings through before. */
const RSA_EXPONENT = 65_537n

/**
 * Whether a public key proves nothing of who signs, or has two spellings: Ed25519 of small order
 * or with y ≥ p, RSA with another exponent than 65537. To be asked when a key is registered.
 */
export function isWeakKey(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'rsa') {
    return key.asymmetricKeyDetails?.publicExponent !== RSA_EXPONENT
  }
  if (key.asymmetricKeyType !== 'ed25519') return false
  const encoding = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
  const y = BigInt(`0x${encoding.reverse().toString('hex')}`) & (2n ** 255n - 1n)
  return y >= P || SMALL_ORDER_Y.has(y)
}
