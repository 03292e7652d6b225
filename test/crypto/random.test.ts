import assert from 'node:assert/strict'
import test from 'node:test'
import { createJti, createSecretId } from '../../src/crypto/random.ts'

const DRAWS = 5_000

test('a jti is 20 lower-case hex digits and does not come twice', () => {
  const seen = new Set(Array.from({ length: DRAWS }, createJti))
  assert.equal(seen.size, DRAWS)
  for (const jti of seen) assert.match(jti, /^[0-9a-f]{20}$/)
})

test('a secret id is 43 base64url characters and does not come twice', () => {
  const seen = new Set(Array.from({ length: DRAWS }, createSecretId))
  assert.equal(seen.size, DRAWS)
  for (const id of seen) assert.match(id, /^[A-Za-z0-9_-]{43}$/)
})

test('both draw from one pool and neither repeats what the other was given', () => {
  const taken = new Set<string>()
  for (let at = 0; at < 1_000; at++) {
    taken.add(createJti())
    taken.add(Buffer.from(createSecretId(), 'base64url').toString('hex').slice(0, 20))
  }
  assert.equal(taken.size, 2_000)
})

test('every bit of an id takes both values', () => {
  const ones = new Array<number>(256).fill(0)
  for (let at = 0; at < 1_000; at++) {
    const bytes = Buffer.from(createSecretId(), 'base64url')
    for (let bit = 0; bit < 256; bit++) {
      const byte = bytes[bit >> 3] ?? 0
      ones[bit] = (ones[bit] ?? 0) + ((byte >> (bit & 7)) & 1)
    }
  }
  // Ten standard deviations around 500.
  for (const count of ones) assert.ok(count > 340 && count < 660, `${count} of 1000`)
})
