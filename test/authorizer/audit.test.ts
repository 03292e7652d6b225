import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAuditor } from '../../src/authorizer/audit.ts'
import type { Activity } from '../../src/core/activity.ts'
import type { ActivityOutcome } from '../../src/telemetry/metric-table.ts'
import { activity } from '../store/activity.ts'
import { eventually } from '../store/worlds.ts'

/** A queue and a spill whose moods the test sets. */
function world() {
  const counts = new Map<ActivityOutcome, number>()
  const queued: Activity[] = []
  const spilled: Activity[] = []
  const faults: unknown[] = []
  const moods = { queue: 'well' as 'well' | 'away' | 'hanging', isDiskFull: false }
  const auditor = createAuditor({
    activities: {
      async append(batch) {
        if (moods.queue === 'hanging') await new Promise(() => undefined)
        if (moods.queue === 'away') throw new Error('away')
        queued.push(...batch)
      },
    },
    spill: {
      async write(batch) {
        if (moods.isDiskFull) throw new Error('the disk is full')
        spilled.push(...batch)
        return 0
      },
      async replay(take) {
        const batch = spilled.slice()
        await take(batch)
        spilled.length = 0
        return batch.length
      },
      isEmpty: () => spilled.length === 0,
    },
    monotonicMs: () => performance.now(),
    onFault: (fault) => faults.push(fault),
    onOutcome: (outcome, count) => counts.set(outcome, (counts.get(outcome) ?? 0) + count),
  })
  return { auditor, counts, queued, spilled, faults, moods }
}

describe('the auditor', () => {
  test('what is recorded reaches the queue soon, in one batch', async () => {
    const { auditor, queued, counts } = world()
    const batch = [activity(), activity()]
    for (const one of batch) auditor.record(one)
    assert.equal(auditor.waiting(), 2)
    await eventually(() => assert.deepEqual(queued, batch))
    assert.deepEqual([...counts], [['queued', 2]])
    await auditor.drain()
  })

  test('while the queue is away a file takes them, and gives them back', async () => {
    const { auditor, queued, spilled, moods, counts } = world()
    moods.queue = 'away'
    const one = activity()
    auditor.record(one)
    await auditor.flush()
    assert.deepEqual([spilled, queued], [[one], []])
    moods.queue = 'well'
    await eventually(() => assert.deepEqual(queued, [one]))
    assert.equal(counts.get('replayed'), 1)
    await auditor.drain()
  })

  test('a queue that hangs costs 50 ms once, then files take all without asking', async () => {
    const { auditor, spilled, moods, faults } = world()
    moods.queue = 'hanging'
    auditor.record(activity())
    await auditor.flush()
    auditor.record(activity())
    await auditor.flush()
    assert.deepEqual([spilled.length, faults.length], [2, 1])
    await auditor.drain()
  })

  test('drain leaves nothing in memory, whatever was recorded while it flushed', async () => {
    const { auditor, queued } = world()
    auditor.record(activity())
    const draining = auditor.drain()
    auditor.record(activity())
    await draining
    assert.deepEqual([queued.length, auditor.waiting()], [2, 0])
  })

  test('with neither queue nor disk they are dropped and counted', async () => {
    const { auditor, counts, moods, faults } = world()
    moods.queue = 'away'
    moods.isDiskFull = true
    auditor.record(activity())
    await auditor.flush()
    assert.deepEqual([counts.get('dropped'), faults.length], [1, 2])
    await auditor.drain()
  })

  test('memory has a bound: the newest are dropped and counted', async () => {
    const { auditor, counts } = world()
    for (let count = 0; count < 20_003; count++) auditor.record(activity({ id: 'x' }))
    assert.deepEqual([auditor.waiting(), counts.get('dropped')], [20_000, 3])
    await auditor.drain()
  })
})
