import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Session } from '../../src/core/principal.ts'
import { decodeSession, encodeSession } from '../../src/store/record.ts'
import { createSessionEncoder } from '../../src/store/session-encoder.ts'

const text = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.nat(400).map((length) => 'a'.repeat(length)),
  fc.nat(200).map((length) => 'ü'.repeat(length)),
)
const word = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), fc.integer({ max: 300 }))
const atMs = fc.oneof(fc.maxSafeNat(), fc.nat(70_000))
const plain = { noNullPrototype: true } as const
const address = fc.record(
  { family: fc.constantFrom(4, 6), a: word, b: word, c: word, d: word, text },
  plain,
)
const texts = { hash: text, uid: text.map((one) => `u${one}`), csrfToken: text, userAgent: text }
const session: fc.Arbitrary<Session> = fc.record(
  { ...texts, address, createdAtMs: atMs, endsAtMs: atMs, generation: atMs },
  plain,
)

test('it is the same record as the one that is written at sign-in, byte for byte', () => {
  const encode = createSessionEncoder()
  fc.assert(
    fc.property(session, (one) => {
      const record = encode(one)
      assert.equal(
        Buffer.from(record).toString('hex'),
        Buffer.from(encodeSession(one)).toString('hex'),
      )
      assert.deepEqual(decodeSession(record, one.hash), one)
    }),
    { numRuns: 2_000 },
  )
})

test('records of many sessions, and of very long ones, do not touch each other', () => {
  const encode = createSessionEncoder()
  const address = { family: 4 as const, a: 0, b: 0, c: 0, d: -1, text: '255.255.255.255' }
  const sessions = Array.from({ length: 3_000 }, (_, n) => {
    const userAgent = `agent ${n} `.repeat(n % 1_000 === 999 ? 6_000 : n % 60)
    const times = { createdAtMs: n, endsAtMs: 2 ** 40 + n, generation: n }
    return { hash: `h${n}`, uid: `u${n}`, csrfToken: 'c', userAgent, address, ...times }
  })
  const records = sessions.map(encode)
  for (const [n, one] of sessions.entries()) {
    const record = records[n] as Uint8Array
    assert.ok(Buffer.from(record).equals(encodeSession(one)), one.hash)
  }
})
