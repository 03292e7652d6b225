import type { Address } from './address.ts'

/** 64 secret bits: without them nobody can choose two names that collide. */
export type HashKey = readonly [number, number]

// HalfSipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") over 32-bit words: its
// additions, rotations and exclusive ors are what JavaScript's integers do in one step each. The
// rounds stand in one loop over local variables: as functions over variables of this file they
// took three times as long.

/** Rounds after the last word, for each half of the result. */
const LAST_ROUNDS = 3

/** What is hashed, word by word: the first, two characters of the text at a time, the last. */
function hashInto(
  target: Uint32Array,
  key: HashKey,
  first: number,
  text: string,
  lastCount: 1 | 2,
  beforeLast: number,
  last: number,
): void {
  const pairsEnd = 1 + (text.length >> 1)
  const wordsCount = pairsEnd + lastCount
  const end = wordsCount + 2 * LAST_ROUNDS
  let v0 = key[0] | 0
  let v1 = key[1] ^ 0xee
  let v2 = key[0] ^ 0x6c796765
  let v3 = key[1] ^ 0x74656462
  for (let step = 0; step < end; step++) {
    let word = 0
    if (step === 0) word = first
    else if (step < pairsEnd) {
      word = text.charCodeAt(2 * step - 2) | (text.charCodeAt(2 * step - 1) << 16)
    } else if (step < wordsCount) word = step === wordsCount - 1 ? last : beforeLast
    else if (step === wordsCount) v2 ^= 0xee
    else if (step === wordsCount + LAST_ROUNDS) {
      target[0] = v1 ^ v3
      v1 ^= 0xdd
    }
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  target[1] = v1 ^ v3
}

/** Two words for a name in a domain; one domain's names never meet another's. */
export function hashTextInto(
  target: Uint32Array,
  key: HashKey,
  domain: number,
  text: string,
): void {
  const { length } = text
  if (length % 2 === 0) hashInto(target, key, domain, text, 1, 0, length)
  else hashInto(target, key, domain, text, 2, text.charCodeAt(length - 1), length)
}

/** Two words for an IPv4 address or an IPv6 /64: the smallest unit that one subscriber keeps. */
export function hashNetworkInto(target: Uint32Array, key: HashKey, address: Address): void {
  const { family, a, b, d } = address
  if (family === 4) hashInto(target, key, family, '', 1, 0, d)
  else hashInto(target, key, family, '', 2, a, b)
}
