import { createHash } from 'node:crypto'

/** Pseudo-random draws that a seed repeats exactly. */
export interface Dice {
  /** From 0 to `limit` - 1. */
  below(limit: number): number
  /** True once in `times`. */
  once(times: number): boolean
  /** Random bytes; now and then such as arithmetic stumbles over: all alike, or nearly all. */
  bytes(count: number): Buffer
  pick<Value>(values: readonly Value[]): Value
  /** A length up to `limit`, often just beside a multiple of 16. */
  length(limit: number): number
}

const EDGE_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff]

/** xoshiro128** (Blackman and Vigna 2018), seeded by the SHA-256 of text. */
export function createDice(seed: string): Dice {
  const digest = createHash('sha256').update(seed).digest()
  let [s0, s1, s2, s3] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ]

  function next(): number {
    const scrambled = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
    const shifted = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotate(s3, 11)
    return scrambled
  }

  // The high bits of the product: as even as a remainder, and quicker.
  const below = (limit: number) => Math.floor((next() * limit) / 2 ** 32)

  function bytes(count: number): Buffer {
    const result = Buffer.allocUnsafe(count)
    if (below(32) === 0) {
      result.fill(EDGE_BYTES[below(EDGE_BYTES.length)] as number)
      if (count > 0 && below(2) === 0) result[below(count)] = next()
      return result
    }
    let at = 0
    for (; at + 4 <= count; at += 4) result.writeUInt32LE(next(), at)
    for (; at < count; at++) result[at] = next()
    return result
  }

  return {
    below,
    once: (times) => below(times) === 0,
    bytes,
    pick: (values) => values[below(values.length)] as (typeof values)[number],
    length(limit) {
      if (below(3) > 0) return below(limit + 1)
      const near = 16 * below(Math.floor(limit / 16) + 1) + below(5) - 2
      return Math.min(limit, Math.max(0, near))
    },
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
