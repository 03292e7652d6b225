import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { measurePauses, pausesOf } from '../../bench/load/pauses.ts'
import { places } from '../../bench/load/place.ts'

describe('how long one who comes at any moment waits for the processor', () => {
  test('not at all where it was never away', () => {
    assert.deepEqual(pausesOf([], 1_000), { p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 })
  })

  test('one pause of 20 ms in a second: one in a hundred comes in its first half', () => {
    const { p50Ms, p99Ms, p999Ms, maxMs } = pausesOf([20], 1_000)
    assert.equal(p50Ms, 0)
    assert.ok(Math.abs(p99Ms - 10) < 1e-9)
    assert.ok(Math.abs(p999Ms - 19) < 1e-9)
    assert.equal(maxMs, 20)
  })

  test('as moments drawn one by one find it', () => {
    const gapsMs = Array.from({ length: 40 }, (_, at) => 0.1 + ((at * 7) % 13) * 0.4)
    const elapsedMs = 2_000
    // Each gap ends a stretch of its own: what lies between them does not matter.
    const stretchMs = elapsedMs / gapsMs.length
    const waits: number[] = []
    for (let draw = 0; draw < 200_000; draw++) {
      const atMs = (draw / 200_000) * elapsedMs
      const gapMs = gapsMs[Math.floor(atMs / stretchMs)] as number
      const leftMs = stretchMs - (atMs % stretchMs)
      waits.push(leftMs <= gapMs ? leftMs : 0)
    }
    waits.sort((a, b) => a - b)
    const found = pausesOf(gapsMs, elapsedMs)
    for (const [share, ms] of [
      [0.5, found.p50Ms],
      [0.99, found.p99Ms],
      [0.999, found.p999Ms],
    ] as const) {
      const drawnMs = waits[Math.floor(share * waits.length)] as number
      assert.ok(Math.abs(drawnMs - ms) < 0.02, `${share}: ${ms} ms, drawn ${drawnMs} ms`)
    }
  })

  test('a loop on each core tells what it saw', { skip: places.length === 0 }, async () => {
    const seen = await measurePauses(0.2)
    assert.equal(seen.length, places.length)
    for (const { p50Ms, maxMs } of seen) {
      assert.ok(p50Ms >= 0)
      assert.ok(p50Ms <= maxMs)
    }
  })
})
