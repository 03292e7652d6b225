import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry } from '../../src/authorizer/grants.ts'
import { createToucher } from '../../src/authorizer/touch.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Touch } from '../../src/store/sessions.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { factsOf, NOW } from '../core/facts.ts'

const IDLE = 1_800_000

function world(fault?: Fault) {
  const batches: (readonly Touch[])[] = []
  const faults: unknown[] = []
  const toucher = createToucher({
    facts: {
      touch: async (batch) => {
        batches.push(batch)
        if (fault !== undefined) throw fault
      },
    },
    idleMs: IDLE,
    everyMs: 30_000,
    flushEveryMs: 1e6,
    clock: systemClock,
    onFault: (one) => faults.push(one),
  })
  return { toucher, batches, faults }
}

test('use slides the deadline in memory at once', async () => {
  const { toucher } = world()
  const entry = createEntry('id', factsOf({ idleAtMs: NOW + 10 }), NOW)
  toucher.touch(entry, NOW + 5)
  assert.equal(entry.idleAtMs, NOW + 5 + IDLE)
  await toucher.drain()
})

test('the store hears of one session at most every 30 seconds', async () => {
  const { toucher, batches } = world()
  const entry = createEntry('id', factsOf({ idleAtMs: NOW + 10 }), NOW)
  toucher.touch(entry, NOW + 29_999)
  await toucher.flush()
  assert.equal(batches.length, 0)
  toucher.touch(entry, NOW + 30_000)
  await toucher.flush()
  assert.deepEqual(batches, [[{ hash: 'h'.repeat(43), idleAtMs: NOW + 30_000 + IDLE }]])
  toucher.touch(entry, NOW + 30_001)
  await toucher.flush()
  assert.equal(batches.length, 1)
})

test('a deadline never passes the end of the session', async () => {
  const { toucher } = world()
  const entry = createEntry(
    'id',
    factsOf({ idleAtMs: NOW + 10, session: { endsAtMs: NOW + 60_000 } }),
    NOW,
  )
  toucher.touch(entry, NOW)
  assert.equal(entry.idleAtMs, NOW + 60_000)
  await toucher.drain()
})

test('a clock set back never shortens a deadline', async () => {
  const { toucher, batches } = world()
  const entry = createEntry('id', factsOf(), NOW)
  toucher.touch(entry, NOW - 60_000)
  assert.equal(entry.idleAtMs, NOW + IDLE)
  await toucher.drain()
  assert.equal(batches.length, 0)
})

test('a batch that the store refuses is reported and never rejects', async () => {
  const fault = new Fault('store_unavailable')
  const { toucher, faults } = world(fault)
  toucher.touch(createEntry('id', factsOf({ idleAtMs: NOW }), NOW - 60_000), NOW)
  await toucher.drain()
  assert.deepEqual(faults, [fault])
})

test('after a clock was set back, use is reported again', async () => {
  const { toucher, batches } = world()
  const entry = createEntry('id', factsOf({ idleAtMs: NOW - 3_000_000 }), NOW)
  toucher.touch(entry, NOW - 3_600_000)
  await toucher.drain()
  assert.deepEqual(batches, [[{ hash: 'h'.repeat(43), idleAtMs: NOW - 1_800_000 }]])
})
