import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BUCKETS_US,
  bucketsOf,
  listSeries,
  METRIC_NAMES,
  METRICS,
  type MetricRow,
} from '../../src/telemetry/metric-table.ts'

/** Series of one process at most. More than this and a scrape is no longer cheap. */
const SERIES_MAX = 1500

for (const name of METRIC_NAMES) {
  const row: MetricRow = METRICS[name]
  test(`${name} is named after what it counts, in its unit`, () => {
    assert.match(name, /^dvara_[a-z_]+$/)
    assert.equal(name.endsWith('_total'), row.type === 'counter')
    if (row.unit !== 'one') assert.match(name, new RegExp(`_${row.unit}(_total)?$`))
    assert.match(row.help, /^[A-Z].*\.$/)
    if (row.type !== 'gauge') assert.equal(row.merge, 'sum')
  })

  test(`${name} has labels of closed sets only`, () => {
    for (const [label, values] of Object.entries(row.labels)) {
      assert.match(label, /^[a-z_]+$/)
      assert.ok(values.length > 0)
      assert.equal(new Set(values).size, values.length)
      for (const value of values) assert.match(value, /^[A-Za-z0-9_.]+$/)
    }
  })
}

test('the number of series is bounded, whatever clients send', () => {
  const series = METRIC_NAMES.reduce((sum, name) => sum + listSeries(METRICS[name]).length, 0)
  assert.ok(series <= SERIES_MAX, String(series))
})

test('the buckets begin at 25 µs, end at 250 ms and rise', () => {
  assert.equal(BUCKETS_US[0], 25)
  assert.equal(BUCKETS_US.at(-1), 250_000)
  assert.deepEqual(
    [...BUCKETS_US].sort((a, b) => a - b),
    [...BUCKETS_US],
  )
})

for (const name of METRIC_NAMES) {
  const row: MetricRow = METRICS[name]
  if (row.type !== 'histogram') continue
  test(`the buckets of ${name} rise`, () => {
    const bounds = bucketsOf(row)
    assert.deepEqual(
      [...bounds].sort((a, b) => a - b),
      [...bounds],
    )
  })
}

test('an acknowledgement that waits for a lease has a bucket of its own', () => {
  const bounds = bucketsOf(METRICS.dvara_revocation_ack_seconds)
  for (const us of [2_024_000, 9_000_000, 30_080_000]) assert.ok(bounds.some((one) => us <= one))
})

test('series are listed with the last label fastest', () => {
  const row = { labels: { a: ['1', '2'], b: ['x', 'y'] } } as unknown as MetricRow
  assert.deepEqual(
    listSeries(row).map(({ a, b }) => `${a}${b}`),
    ['1x', '1y', '2x', '2y'],
  )
})
