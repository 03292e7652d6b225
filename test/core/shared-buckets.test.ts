import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { compileLimit, createBuckets, type Limit, TOKEN } from '../../src/core/bucket.ts'
import {
  ALONE_PART,
  chunkOf,
  createSharedBuckets,
  type SharedBuckets,
  UNTOLD_MAX,
} from '../../src/core/shared-buckets.ts'
import { createTwinRates } from '../../src/store/twin-rates.ts'

const NAME = Uint32Array.of(1, 2)
const LIMIT = compileLimit({ count: 1, windowMs: 3_600_000, burst: 80 })

const open = () => createSharedBuckets(createBuckets(64), () => undefined)

function takeAll(buckets: SharedBuckets, limit: Limit, nowMs = 0): number {
  for (let taken = 0; ; taken++) if (buckets.take(NAME, limit, 1, nowMs) > 0) return taken
}

/** One exchange with the others, of whom `rates` remembers what they drew. */
async function settle(
  buckets: SharedBuckets,
  rates: ReturnType<typeof createTwinRates>,
  nowMs: number,
): Promise<void> {
  const { levels } = await rates.settle('k', buckets.collect(100))
  buckets.settled(levels, nowMs)
}

test('nobody draws more than a chunk before the others know', async () => {
  const rates = createTwinRates(() => 0)
  const [one, two] = [open(), open()]
  assert.equal(chunkOf(LIMIT), 10 * TOKEN)
  assert.equal(takeAll(one, LIMIT), 10)
  assert.equal(one.take(NAME, LIMIT, 1, 0), 50, 'until then the others know')
  await settle(one, rates, 0)
  for (let at = 1; at < 8; at++) {
    assert.equal(takeAll(one, LIMIT), 10)
    await settle(one, rates, 0)
  }
  assert.equal(takeAll(one, LIMIT), 0)
  assert.equal(takeAll(two, LIMIT), 10, 'who knows nothing yet has a chunk')
  await settle(two, rates, 0)
  assert.equal(takeAll(two, LIMIT), 0)
  assert.ok(two.take(NAME, LIMIT, 1, 0) > 10 * 3_600_000, 'and learns how far it went')
})

test('n workers let through burst, refill and n - 1 chunks, however they settle', async () => {
  const step = fc.record({
    worker: fc.nat(3),
    takes: fc.nat(30),
    passMs: fc.nat(400),
    isSettled: fc.boolean(),
  })
  const rate = fc.record({
    count: fc.integer({ min: 1, max: 200 }),
    windowMs: fc.constantFrom(1000, 60_000),
    burst: fc.integer({ min: 1, max: 100 }),
  })
  await fc.assert(
    fc.asyncProperty(rate, fc.array(step, { maxLength: 60 }), async (given, steps) => {
      const limit = compileLimit(given)
      const clock = { ms: 0 }
      const rates = createTwinRates(() => clock.ms)
      const workers = Array.from({ length: 4 }, open)
      let passed = 0
      for (const { worker, takes, passMs, isSettled } of steps) {
        clock.ms += passMs
        const buckets = workers[worker] as SharedBuckets
        for (let at = 0; at < takes; at++) {
          if (buckets.take(NAME, limit, 1, clock.ms) === 0) passed += TOKEN
        }
        if (isSettled) await settle(buckets, rates, clock.ms)
        assert.ok(passed <= limit.full + clock.ms * limit.perMs + 3 * chunkOf(limit))
      }
    }),
    { numRuns: 300 },
  )
})

test('alone, a worker has part of the rate and no chunk, and tells all of it later', async () => {
  const rates = createTwinRates(() => 0)
  const buckets = open()
  buckets.setAlone(true)
  assert.equal(takeAll(buckets, LIMIT), 80)
  assert.equal(buckets.wait(NAME, LIMIT, 0), 3_600_000 / ALONE_PART)
  buckets.collect(1)
  buckets.failed()
  buckets.setAlone(false)
  await settle(buckets, rates, 0)
  const other = open()
  other.take(NAME, LIMIT, 1, 0)
  await settle(other, rates, 0)
  assert.equal(takeAll(other, LIMIT), 0)
})

test('alone, nothing is said to be full: there it fills more slowly', () => {
  const buckets = open()
  assert.equal(buckets.fullFromMs(), Number.NEGATIVE_INFINITY)
  buckets.charge(NAME, LIMIT, 1, 0)
  assert.equal(buckets.fullFromMs(), 3_600_000)
  buckets.setAlone(true)
  assert.equal(buckets.fullFromMs(), Number.POSITIVE_INFINITY)
  buckets.charge(NAME, LIMIT, 1, 0)
  buckets.setAlone(false)
  assert.equal(buckets.fullFromMs(), 2 * 3_600_000 * 2)
})

test('what was drawn while the others were told is not forgotten', () => {
  const buckets = open()
  takeAll(buckets, LIMIT)
  assert.deepEqual(
    buckets.collect(10).map(({ drawn }) => drawn / TOKEN),
    [10],
  )
  assert.deepEqual(buckets.collect(10), [], 'one exchange at a time')
  buckets.charge(NAME, LIMIT, 5, 0)
  buckets.settled([20 * TOKEN], 0)
  assert.deepEqual(
    buckets.collect(10).map(({ drawn }) => drawn / TOKEN),
    [5],
  )
  buckets.settled([undefined], 0)
  assert.equal(buckets.hasDraws(), false)
  assert.equal(takeAll(buckets, LIMIT), 10)
})

test('names that wait to be told are bounded', () => {
  const buckets = createSharedBuckets(createBuckets(2 * UNTOLD_MAX), () => undefined)
  for (let at = 0; at < UNTOLD_MAX + 10; at++) buckets.take(Uint32Array.of(at, 0), LIMIT, 1, 0)
  assert.equal(buckets.collect(2 * UNTOLD_MAX).length, UNTOLD_MAX)
  buckets.renamed()
  assert.equal(buckets.hasDraws(), false)
})
