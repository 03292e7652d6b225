import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { renderSnapshot } from '../../src/telemetry/exposition.ts'
import {
  cellsPerSeries,
  listSeries,
  METRIC_NAMES,
  METRICS,
  type MetricName,
} from '../../src/telemetry/metric-table.ts'
import {
  type MetricsSnapshot,
  mergeSnapshots,
  retireSnapshot,
} from '../../src/telemetry/snapshot.ts'
import { parseExposition } from './exposition-text.ts'

const build = { version: '1', node: 'v20', engine: 'uws' }

function snapshotOf(pick: (name: MetricName, at: number) => number | null): MetricsSnapshot {
  const cells: Partial<Record<MetricName, (number | null)[]>> = {}
  for (const name of METRIC_NAMES) {
    const row = METRICS[name]
    const length = listSeries(row).length * cellsPerSeries(row)
    cells[name] = Array.from({ length }, (_, at) => pick(name, at))
  }
  return { build, cells: cells as MetricsSnapshot['cells'], keysUsedAtS: {} }
}

const arbitrary = fc.infiniteStream(fc.option(fc.nat(1_000_000), { freq: 5 })).map((stream) =>
  snapshotOf((name) => {
    const value = stream.next().value ?? null
    return METRICS[name].type === 'gauge' ? value : (value ?? 0)
  }),
)
const some = fc.array(arbitrary, { minLength: 1, maxLength: 5 }) as fc.Arbitrary<
  [MetricsSnapshot, ...MetricsSnapshot[]]
>

test('a merged number is the sum, least or greatest of those that were set', () => {
  fc.assert(
    fc.property(some, (snapshots) => {
      const merged = mergeSnapshots(snapshots)
      for (const name of METRIC_NAMES) {
        const { merge } = METRICS[name]
        for (const [at, value] of merged.cells[name].entries()) {
          const set = snapshots
            .map(({ cells }) => cells[name][at] ?? null)
            .filter((each) => each !== null)
          const sum = set.reduce((total, each) => total + each, 0)
          const expected = { sum, min: Math.min(...set), max: Math.max(...set) }[merge]
          assert.equal(value, set.length === 0 ? null : expected)
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('merging is the same in any order and grouping, and changes no snapshot', () => {
  fc.assert(
    fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
      const before = JSON.stringify([a, b, c])
      const together = mergeSnapshots([a, b, c])
      assert.deepEqual(mergeSnapshots([c, mergeSnapshots([b, a])]), together)
      assert.deepEqual(mergeSnapshots([a]), a)
      assert.equal(JSON.stringify([a, b, c]), before)
    }),
    { numRuns: 20 },
  )
})

test('a snapshot survives every channel between processes', () => {
  fc.assert(
    fc.property(arbitrary, (snapshot) => {
      assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot)
      assert.deepEqual(structuredClone(snapshot), snapshot)
    }),
    { numRuns: 5 },
  )
})

test('a worker that is gone keeps its counts and loses its gauges', () => {
  const gone = retireSnapshot(snapshotOf(() => 5))
  const living = snapshotOf((name) => (METRICS[name].type === 'gauge' ? 1 : 2))
  const merged = mergeSnapshots([living, gone])
  assert.deepEqual(merged.cells.dvara_cache_hits_total, [7, 7, 7])
  assert.deepEqual(merged.cells.dvara_workers, [1])
  assert.deepEqual(merged.cells.dvara_lease_remaining_seconds, [1])
  parseExposition(renderSnapshot(merged))
})

test('a key was last used when any process last used it, also by one that is gone', () => {
  const used = (keysUsedAtS: Record<string, number>) => ({ ...snapshotOf(() => 0), keysUsedAtS })
  const gone = retireSnapshot(used({ a: 5, b: 9 }))
  assert.deepEqual(mergeSnapshots([gone, used({ a: 7 }), used({})]).keysUsedAtS, { a: 7, b: 9 })
})
