import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compileLimit,
  createBuckets,
  parseRate,
  RATE_COUNT_MAX,
  type Rate,
  TOKEN,
  WAYS,
} from '../../src/core/bucket.ts'

const nameOf = (one: number, other = 1) => Uint32Array.of(one, other)
const TEN: Rate = { count: 10, windowMs: 1000, burst: 3 }

/** Slow and exact: a bucket as a fraction of two big integers, refilled at every question. */
function createReference(rate: Rate) {
  const window = BigInt(rate.windowMs)
  const full = BigInt(rate.burst) * window
  let level = full
  let atMs = 0n
  const settle = (nowMs: number) => {
    const now = BigInt(Math.floor(nowMs))
    if (now > atMs) {
      level += (now - atMs) * BigInt(rate.count)
      atMs = now
    }
    if (level > full) level = full
  }
  const waitFor = (cost: bigint) => {
    if (level >= cost) return 0
    const count = BigInt(rate.count)
    return Number((cost - level + count - 1n) / count)
  }
  return {
    take(cost: number, nowMs: number): number {
      settle(nowMs)
      const waitMs = waitFor(BigInt(cost) * window)
      if (waitMs === 0) level -= BigInt(cost) * window
      return waitMs
    },
    wait(nowMs: number): number {
      settle(nowMs)
      return waitFor(window)
    },
    charge(cost: number, nowMs: number): void {
      settle(nowMs)
      level -= BigInt(cost) * window
      if (level < -full) level = -full
      if (level > full) level = full
    },
  }
}

const rates = fc.record({
  count: fc.integer({ min: 1, max: 5000 }),
  windowMs: fc.constantFrom(1000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 5000 }),
})
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('take', 'charge', 'wait'),
    cost: fc.integer({ min: 0, max: 20 }),
    afterMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5000, noNaN: true })),
  }),
  { maxLength: 60 },
)

test('one bucket answers as an exact one does, however it is asked', () => {
  fc.assert(
    fc.property(rates, steps, (rate, asked) => {
      const buckets = createBuckets(WAYS)
      const limit = compileLimit(rate)
      const reference = createReference(rate)
      const name = nameOf(7)
      let nowMs = 0
      for (const { kind, cost, afterMs } of asked) {
        nowMs += afterMs
        if (kind === 'take') {
          assert.equal(buckets.take(name, limit, cost, nowMs), reference.take(cost, nowMs))
        } else if (kind === 'charge') {
          buckets.charge(name, limit, cost, nowMs)
          reference.charge(cost, nowMs)
        }
        assert.equal(buckets.wait(name, limit, nowMs), reference.wait(nowMs))
      }
    }),
    { numRuns: 300 },
  )
})

test('what the wait says is exact: a millisecond earlier is refused, then it is admitted', () => {
  fc.assert(
    fc.property(rates, (rate) => {
      const buckets = createBuckets(WAYS)
      const limit = compileLimit(rate)
      const name = nameOf(1)
      assert.equal(buckets.take(name, limit, rate.burst, 0), 0)
      const waitMs = buckets.take(name, limit, 1, 0)
      assert.ok(waitMs > 0)
      assert.equal(buckets.take(name, limit, 1, waitMs - 1), 1)
      assert.equal(buckets.take(name, limit, 1, waitMs), 0)
    }),
  )
})

test('evicted or not, all names of a set get no more than its slots hold and earn', () => {
  const asked = fc.array(
    fc.record({
      name: fc.integer({ min: 0, max: 40 }),
      afterMs: fc.integer({ min: 0, max: 300 }),
    }),
    { minLength: 100, maxLength: 400 },
  )
  fc.assert(
    fc.property(asked, (requests) => {
      const buckets = createBuckets(WAYS)
      const limit = compileLimit(TEN)
      let nowMs = 0
      let admitted = 0
      for (const { name, afterMs } of requests) {
        nowMs += afterMs
        if (buckets.take(nameOf(name), limit, 1, nowMs) === 0) admitted++
        const earned = (nowMs * limit.perMs) / TOKEN
        assert.ok(admitted <= WAYS * (TEN.burst + earned), `${admitted} after ${nowMs} ms`)
      }
    }),
    { numRuns: 50 },
  )
})

test('once all are said to be full, whoever asks finds a whole burst; not much earlier', () => {
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 }), (rate, all) => {
      const buckets = createBuckets(64 * WAYS)
      const limit = compileLimit(rate)
      for (const [at, name] of all.entries()) buckets.charge(nameOf(name), limit, 3, at / 7)
      const fullMs = Math.ceil(buckets.fullFromMs())
      for (const name of new Set([...all, 41])) {
        assert.equal(buckets.take(nameOf(name), limit, rate.burst, fullMs), 0)
      }
      // A debt of one burst is the largest: twice the time in which a bucket fills.
      const fillMs = (2 * limit.full) / limit.perMs
      assert.ok(fullMs <= all.length + fillMs + 1, `${fullMs}`)
    }),
  )
})

test('an emptied bucket does not come back full because others took its place', () => {
  const buckets = createBuckets(WAYS)
  const limit = compileLimit(TEN)
  for (let name = 0; name < 200; name++) {
    while (buckets.take(nameOf(name), limit, 1, 0) === 0);
  }
  assert.equal(buckets.used(), WAYS)
  for (let name = 0; name < 200; name++) {
    assert.ok(buckets.wait(nameOf(name), limit, 0) > 0)
    assert.ok(buckets.take(nameOf(name), limit, 1, 0) > 0)
  }
})

test('a bucket that is full again makes way, and takes nothing from its successor', () => {
  const buckets = createBuckets(WAYS)
  const limit = compileLimit(TEN)
  for (let name = 0; name < WAYS; name++) buckets.take(nameOf(name), limit, 3, 0)
  assert.equal(buckets.take(nameOf(99), limit, 3, 300), 0)
  assert.equal(buckets.evictions(), 0)
})

test('asking how long to wait takes no place', () => {
  const buckets = createBuckets(WAYS)
  assert.equal(buckets.wait(nameOf(1), compileLimit(TEN), 5), 0)
  assert.equal(buckets.used(), 0)
})

test('a debt is no deeper than a burst', () => {
  const buckets = createBuckets(WAYS)
  const limit = compileLimit(TEN)
  for (let count = 0; count < 50; count++) buckets.charge(nameOf(1), limit, 10, 0)
  assert.equal(buckets.wait(nameOf(1), limit, 0), 400)
})

test('a clock that goes back refills nothing twice', () => {
  const buckets = createBuckets(WAYS)
  const limit = compileLimit(TEN)
  buckets.take(nameOf(1), limit, 3, 1000)
  assert.ok(buckets.take(nameOf(1), limit, 1, 0) > 0)
  assert.equal(buckets.take(nameOf(1), limit, 1, 1100), 0)
  assert.ok(buckets.take(nameOf(1), limit, 1, 1100) > 0)
})

const SPELLINGS = [
  ['10/s', { count: 10, windowMs: 1000, burst: 5 }],
  ['1/m', { count: 1, windowMs: 60_000, burst: 5 }],
  [`${RATE_COUNT_MAX}/h`, { count: RATE_COUNT_MAX, windowMs: 3_600_000, burst: 5 }],
  ['0/s', undefined],
  ['01/s', undefined],
  ['10', undefined],
  ['10/d', undefined],
  ['10 /s', undefined],
  [`${RATE_COUNT_MAX + 1}/s`, undefined],
] as const

for (const [text, rate] of SPELLINGS) {
  test(`${text} is ${rate === undefined ? 'no rate' : 'a rate'}`, () => {
    assert.deepEqual(parseRate(text, 5), rate)
  })
}
