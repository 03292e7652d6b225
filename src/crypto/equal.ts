import { timingSafeEqual } from 'node:crypto'

/**
 * Whether two texts are the same. Every character of `presented` is compared whatever the others
 * were, so the time tells the length of what the caller sent, which the caller knows, and not where
 * the first difference is. Allocates nothing and never throws. A compiler gives no promise of
 * constant time: a secret of few bits belongs behind a MAC or a hash before it is compared.
 */
export function equalText(presented: string, expected: string): boolean {
  const length = presented.length
  // A different length is a difference already; comparing with itself keeps the work the same.
  const other = length === expected.length ? expected : presented
  let difference = length ^ expected.length
  for (let at = 0; at < length; at++) difference |= presented.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}

/**
 * Whether two runs of bytes are the same, compared in constant time where their lengths agree;
 * lengths are taken to be public. Never throws.
 */
export function equalBytes(presented: Uint8Array, expected: Uint8Array): boolean {
  return presented.length === expected.length && timingSafeEqual(presented, expected)
}
