import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { lifetimeOf } from '../../src/crypto/lifetime.ts'

const AT = { nowMs: 1_999, ttlMs: 60_000, endsAtMs: 1_000_000 }
const CASES = [
  { name: 'a lifetime is in whole seconds, rounded down', at: AT, expect: [1, 61] },
  { name: 'it may end at the end', at: { ...AT, endsAtMs: 61_999 }, expect: [1, 61] },
  { name: 'it ends no later', at: { ...AT, endsAtMs: 60_999 }, expect: [1, 60] },
  {
    name: 'an end within a second is rounded down',
    at: { ...AT, endsAtMs: 5_999 },
    expect: [1, 5],
  },
  { name: 'in the last second nothing is left', at: { ...AT, endsAtMs: 1_999 }, expect: [1, 1] },
] as const
for (const { name, at, expect } of CASES) {
  test(name, () => {
    const { issuedAtS, expiresAtS } = lifetimeOf(at)
    assert.deepEqual([issuedAtS, expiresAtS], expect)
  })
}

test('no lifetime begins after now, ends after its end or lasts longer than it may', () => {
  const instant = fc.integer({ min: 0, max: 2 ** 42 })
  const length = fc.integer({ min: 1, max: 3_600_000 })
  fc.assert(
    fc.property(instant, length, length, (nowMs, ttlMs, leftMs) => {
      const endsAtMs = nowMs + leftMs
      const { issuedAtS, expiresAtS } = lifetimeOf({ nowMs, ttlMs, endsAtMs })
      assert.ok(issuedAtS * 1000 <= nowMs)
      assert.ok(expiresAtS * 1000 <= endsAtMs)
      assert.ok(expiresAtS * 1000 <= nowMs + ttlMs)
    }),
  )
})
