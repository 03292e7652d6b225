import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CLOCK_STEP_MS } from '../../src/store/nonces.ts'
import { createTwinNonces } from '../../src/store/twin-nonces.ts'

const LIFETIME_MS = 5000

function createScene(epochNumber = 1) {
  const clock = { ms: 1_700_000_000_000 }
  const nonces = createTwinNonces(() => clock.ms)
  nonces.sealed(epochNumber)
  const burn = (nonceMs: number, kid = 'k', rememberedMax = 1000) =>
    nonces.burn({ kid, nonceMs, lifetimeMs: LIFETIME_MS, rememberedMax })
  return { clock, nonces, burn }
}

test('after a later seal nothing passes that may have been burned before it', () => {
  const { clock, burn } = createScene(2)
  // A nonce may be as far ahead of the clock as it may live: it may be one of before the seal.
  assert.equal(burn(clock.ms), 'stale')
  assert.equal(burn(clock.ms + LIFETIME_MS - 1), 'stale')
  assert.equal(burn(clock.ms + LIFETIME_MS), 'burned')
  clock.ms += LIFETIME_MS
  assert.equal(burn(clock.ms), 'used')
  assert.equal(burn(clock.ms + 1), 'burned')
})

test('no nonce is ever burned twice, however the clock goes and the table is swept', () => {
  const step = fc.record({
    aheadMs: fc.integer({ min: -30_000, max: 30_000 }),
    // Back by less than what is remembered beyond the lifetime.
    passMs: fc.integer({ min: -9000, max: 9000 }),
    isSwept: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, nonces, burn } = createScene()
      const startMs = clock.ms
      let newestMs = startMs
      const burned = new Set<number>()
      for (const { aheadMs, passMs, isSwept } of steps) {
        newestMs = Math.max(newestMs, clock.ms)
        clock.ms = Math.max(clock.ms + passMs, newestMs - CLOCK_STEP_MS)
        if (isSwept && passMs > 0) nonces.sweep()
        const nonceMs = startMs + aheadMs
        // Authorizers ask only for what is within the lifetime by their clock.
        if (Math.abs(clock.ms - nonceMs) >= LIFETIME_MS) continue
        const outcome = burn(nonceMs)
        if (burned.has(nonceMs)) assert.notEqual(outcome, 'burned')
        if (outcome === 'burned') burned.add(nonceMs)
      }
    }),
  )
})

test('what is swept away is too old to come again', () => {
  const { clock, nonces, burn } = createScene()
  const nonceMs = clock.ms
  assert.equal(burn(nonceMs), 'burned')
  clock.ms += 14_999
  nonces.sweep()
  assert.equal(burn(nonceMs), 'used')
  clock.ms += 1
  nonces.sweep()
  assert.equal(burn(nonceMs), 'stale')
})

test('as many are remembered of a key as may be, and the next is refused', () => {
  const { clock, burn } = createScene()
  for (let at = 0; at < 3; at++) assert.equal(burn(clock.ms + at, 'k', 3), 'burned')
  assert.equal(burn(clock.ms + 3, 'k', 3), 'full')
  assert.equal(burn(clock.ms, 'k', 3), 'used')
  assert.equal(burn(clock.ms + 3, 'other', 3), 'burned')
})
