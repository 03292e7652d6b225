import type { Address } from './address.ts'

/** 64 secret bits: without them nobody can choose two names that collide. */
export type HashKey = readonly [number, number]

// HalfSipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") over 32-bit words: its
// additions, rotations and exclusive ors are what JavaScript's integers do in one step each.
// The state lives between the calls of one function below; nothing of it leaves this file.
let v0 = 0
let v1 = 0
let v2 = 0
let v3 = 0

function begin(key: HashKey): void {
  v0 = key[0] | 0
  v1 = key[1] ^ 0xee
  v2 = key[0] ^ 0x6c796765
  v3 = key[1] ^ 0x74656462
}

function round(): void {
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
}

function absorb(word: number): void {
  v3 ^= word
  round()
  v0 ^= word
}

function finishInto(target: Uint32Array): void {
  v2 ^= 0xee
  round()
  round()
  round()
  target[0] = v1 ^ v3
  v1 ^= 0xdd
  round()
  round()
  round()
  target[1] = v1 ^ v3
}

/** Two words for a name in a domain; one domain's names never meet another's. */
export function hashTextInto(
  target: Uint32Array,
  key: HashKey,
  domain: number,
  text: string,
): void {
  begin(key)
  absorb(domain)
  const { length } = text
  let at = 0
  for (; at + 1 < length; at += 2) absorb(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16))
  if (at < length) absorb(text.charCodeAt(at))
  absorb(length)
  finishInto(target)
}

/** Two words for an IPv4 address or an IPv6 /64: the smallest unit that one subscriber keeps. */
export function hashNetworkInto(target: Uint32Array, key: HashKey, address: Address): void {
  begin(key)
  absorb(address.family)
  if (address.family === 4) absorb(address.d)
  else {
    absorb(address.a)
    absorb(address.b)
  }
  finishInto(target)
}
