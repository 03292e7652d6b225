import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'

const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** node:crypto's key of an Ed25519 seed. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([PKCS8_HEAD, seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

export function publicKeyOf(bytes: Uint8Array): KeyObject {
  const key = Buffer.concat([SPKI_HEAD, bytes])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

export function publicBytesOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
}

export function fromHex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

/**
 * A stream of pseudo-random numbers from a seed, quick and the same every time: what a case was is
 * told by its seed and number.
 */
export function createDice(seed: number): {
  below(limit: number): number
  bytes(count: number): Buffer
} {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    below: (limit) => next() % limit,
    bytes(count) {
      const result = Buffer.allocUnsafe(count)
      for (let at = 0; at < count; at++) result[at] = next()
      return result
    },
  }
}

/** The numbers of the memory map, by the names they have in layout.ts. */
export function readLayout(): Record<string, number> {
  const source = readFileSync(join(projectRoot, 'wasm/assembly/layout.ts'), 'utf8')
  const numbers: Record<string, number> = {}
  for (const [, name = '', sum = ''] of source.matchAll(/const (\w+): usize =\s+([^\n]+)/g)) {
    numbers[name] = sum
      .split('+')
      .map((product) => product.split('*').map((factor) => numberOf(factor.trim(), numbers)))
      .map((factors) => factors.reduce((left, right) => left * right))
      .reduce((left, right) => left + right)
  }
  return numbers
}

function numberOf(word: string, known: Record<string, number>): number {
  const value = known[word] ?? Number(word)
  assert.ok(Number.isFinite(value), `layout.ts has a number this test cannot read: ${word}`)
  return value
}
