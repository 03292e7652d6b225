import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Listener, readListener } from '../../src/command/members-metrics.ts'
import { renderMembers } from '../../src/command/members-print.ts'
import { reportOf } from '../../src/command/members-report.ts'
import type { Census } from '../../src/store/members.ts'
import { renderSnapshot } from '../../src/telemetry/exposition.ts'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts'

const NOW_MS = Date.parse('2026-01-02T03:04:05Z')
const CENSUS: Census = {
  epoch: '2.run',
  seq: 100,
  nowMs: NOW_MS,
  members: [
    { worker: 'late', appliedSeq: 97, sinceMs: NOW_MS - 60_000, beatAtMs: NOW_MS - 3_000 },
    { worker: 'fresh', appliedSeq: 100, sinceMs: NOW_MS - 5_000, beatAtMs: NOW_MS + 3 },
    { worker: 'elder', appliedSeq: 100, sinceMs: undefined, beatAtMs: undefined },
  ],
}

/** A listener of a process that counted this. */
function listener(count: (metrics: Metrics) => void): Listener {
  const metrics = createMetrics({ build: { version: '0', node: '0', engine: '0' } })
  count(metrics)
  const page = renderSnapshot(metrics.snapshot())
  metrics.close()
  return { address: '127.0.0.1:9', ...readListener(page) }
}

function authorizer(leaseS: number, secondLeases = 0): Listener {
  return listener((metrics) => {
    metrics.setGauge('dvara_lease_remaining_seconds', leaseS)
    metrics.setGauge('dvara_second_leases', secondLeases)
    metrics.setGauge('dvara_log_applied_seq', 100)
    metrics.count('dvara_log_gaps_total')
    metrics.countLoad('sessions', 'overtaken')
    metrics.countLoad('keys', 'overtaken')
    metrics.countLoad('keys', 'found')
  })
}

test('the list is told by name, with ages and what each lacks', () => {
  const { list, amiss } = reportOf({ list: CENSUS, listeners: [], leaseMs: 2_000 })
  assert.deepEqual(
    list?.members.map(({ worker, beatAgeMs, behind }) => [worker, beatAgeMs, behind]),
    [
      ['elder', null, 0],
      ['fresh', 0, 0],
      ['late', 3_000, 3],
    ],
  )
  assert.equal(list?.members[1]?.since, '2026-01-02T03:04:00.000Z')
  assert.equal(amiss.length, 1)
  assert.match(amiss[0] ?? '', /^late has not beaten for 3000 ms/)
})

test('an empty list, a worker without a lease and one that goes by Postgres are amiss', () => {
  const listeners = [authorizer(-0.2), authorizer(1, 1)]
  const { amiss } = reportOf({ list: { ...CENSUS, members: [] }, listeners, leaseMs: 2_000 })
  assert.equal(amiss.length, 3)
  assert.match(amiss[0] ?? '', /^no authorizer is on the list/)
  assert.match(amiss[1] ?? '', /has no lease and refuses/)
  assert.match(amiss[2] ?? '', /^1 workers behind .* go by Postgres/)
})

test('numbers of a page are those that were counted', () => {
  const { process: kind, gaps, fillsRefused, leaseRemainingMs } = authorizer(1.5)
  assert.deepEqual([kind, gaps, fillsRefused, leaseRemainingMs], ['authorizer', 1, 2, 1500])
  assert.throws(() => readListener('up 1\n'), /no ops listener of dvara/)
})

test('acknowledgements of several identity APIs are one distribution, up to 40 s', () => {
  const identity = (acksMs: readonly number[]) =>
    listener((metrics) => {
      for (const ms of acksMs) metrics.observeAck(ms > 1_000 ? 'slow' : 'fast', ms)
    })
  const listeners = [identity([0.5, 3, 4]), identity([4, 2_024, 30_080, 50_000])]
  const report = reportOf({ list: undefined, listeners, leaseMs: 2_000 })
  const { fast, slow } = report.acknowledged
  assert.deepEqual([fast.count, fast.p50Ms, fast.p99Ms], [4, 5, 5])
  assert.deepEqual([slow.count, slow.p50Ms, slow.p99Ms], [3, 40_000, null])
  const text = renderMembers(report)
  assert.match(text, /^Acknowledged fast: 4, p50 ≤ 5 ms, p99 ≤ 5 ms$/m)
  assert.match(text, /^ {3}≤ 2500 ms {9}1 {2}#+$/m)
  assert.match(text, /^ {6}longer {9}1 {2}#+$/m)
})

test('a name from Redis steers no terminal', () => {
  const members = [{ worker: '\u001b[2J', appliedSeq: 1, sinceMs: 0, beatAtMs: NOW_MS }]
  const text = renderMembers(
    reportOf({ list: { ...CENSUS, members }, listeners: [], leaseMs: 2_000 }),
  )
  assert.ok(!text.includes('\u001b'))
  assert.ok(text.includes('\\u{1b}[2J'))
})
