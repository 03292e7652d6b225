import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { DIALECT_NAMES } from '../../src/core/check.ts'
import { deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { renderSnapshot } from '../../src/telemetry/exposition.ts'
import { BUCKETS_US, CREDENTIAL_KINDS, REASON_NAMES } from '../../src/telemetry/metric-table.ts'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts'
import { parseExposition } from './exposition-text.ts'

const BUILD = { version: '1.2.3', node: 'v20.0.0', engine: 'node' }
const open: Metrics[] = []
after(() => {
  for (const metrics of open) metrics.close()
})

function create(): Metrics {
  const metrics = createMetrics({ build: BUILD })
  open.push(metrics)
  return metrics
}

/** The value of one series, or undefined if it is not exposed. */
function read(metrics: Metrics, name: string, labels: Record<string, string> = {}) {
  const families = parseExposition(renderSnapshot(metrics.snapshot()))
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  return family?.samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value
}

test('every combination of dialect, answer and credential is counted in its own place', () => {
  const metrics = create()
  const answers = [GRANT_ANYONE, ...REASON_NAMES.map(deny)]
  let times = 0
  for (const dialect of DIALECT_NAMES) {
    for (const answer of answers) {
      for (const credential of CREDENTIAL_KINDS) {
        times++
        for (let at = 0; at < times; at++) metrics.observeDecision(dialect, answer, credential, 1)
      }
    }
  }
  const text = renderSnapshot(metrics.snapshot())
  const samples = parseExposition(text).get('dvara_decisions_total')?.samples ?? []
  assert.equal(samples.length, times)
  let expected = 0
  for (const dialect of DIALECT_NAMES) {
    for (const answer of answers) {
      for (const credential of CREDENTIAL_KINDS) {
        const sample = samples[expected++]
        const reason = answer.kind === 'allow' ? 'none' : answer.reason
        assert.deepEqual(sample?.labels, { dialect, result: answer.kind, reason, credential })
        assert.equal(sample?.value, expected)
      }
    }
  }
})

test('a dialect that nobody asked in takes no series', () => {
  const metrics = create()
  metrics.observeDecision('envoy', deny('authz.invalid_session'), 'none', 3)
  const text = renderSnapshot(metrics.snapshot())
  assert.match(text, /dvara_decisions_total\{dialect="envoy",result="allow".*\} 0/)
  assert.doesNotMatch(text, /dvara_decisions_total\{dialect="nginx"/)
})

test('a duration falls into the bucket whose bound it does not exceed', () => {
  for (const us of BUCKETS_US) {
    for (const [elapsedUs, within] of [
      [us, 1],
      [us + 0.001, 0],
    ] as const) {
      const metrics = create()
      metrics.observeDecision('nginx', GRANT_ANYONE, 'none', elapsedUs)
      const name = 'dvara_decision_duration_seconds_bucket'
      assert.equal(read(metrics, name, { dialect: 'nginx', le: String(us / 1e6) }), within)
      assert.equal(read(metrics, name, { dialect: 'nginx', le: '+Inf' }), 1)
      metrics.close()
    }
  }
})

test('a clock that stepped back, or no number at all, counts as no time', () => {
  const metrics = create()
  for (const us of [-1, Number.NaN, 0]) metrics.observeDecision('nginx', GRANT_ANYONE, 'none', us)
  metrics.observeDecision('nginx', GRANT_ANYONE, 'none', 1_000_000)
  const name = 'dvara_decision_duration_seconds'
  assert.equal(read(metrics, `${name}_sum`, { dialect: 'nginx' }), 1)
  assert.equal(read(metrics, `${name}_count`, { dialect: 'nginx' }), 4)
})

const COUNTS: [string, Record<string, string>, (metrics: Metrics) => void][] = [
  ['dvara_cache_hits_total', { table: 'tokens' }, (m) => m.countHit('tokens')],
  ['dvara_cache_misses_total', { table: 'sessions' }, (m) => m.countMiss('sessions')],
  [
    'dvara_loads_total',
    { table: 'sessions', outcome: 'overtaken' },
    (m) => m.countLoad('sessions', 'overtaken'),
  ],
  [
    'dvara_store_faults_total',
    { store: 'postgres', code: 'store_timeout' },
    (m) => m.countStoreFault('postgres', 'store_timeout'),
  ],
  [
    'dvara_tokens_signed_total',
    { alg: 'RS256', source: 'fresh' },
    (m) => m.countTokenSigned('RS256', 'fresh'),
  ],
  [
    'dvara_tokens_signed_total',
    { alg: 'EdDSA', source: 'memo' },
    (m) => m.countTokenSigned('EdDSA', 'memo'),
  ],
  ['dvara_invalidations_total', { scope: 'policy' }, (m) => m.countInvalidation('policy')],
  ['dvara_policy_reload_total', { outcome: 'rejected' }, (m) => m.countPolicyReload('rejected')],
]

for (const [name, labels, count] of COUNTS) {
  test(`${name} counts where it is told to and nowhere else`, () => {
    const metrics = create()
    count(metrics)
    count(metrics)
    assert.equal(read(metrics, name, labels), 2)
    const samples = parseExposition(renderSnapshot(metrics.snapshot())).get(name)?.samples ?? []
    assert.equal(
      samples.reduce((sum, sample) => sum + sample.value, 0),
      2,
    )
  })
}

test('a label outside its set is a bug, not a new series', () => {
  const metrics = create()
  assert.throws(() => metrics.countInvalidation('/etc/passwd' as 'policy'), /has no such scope/)
})

test('a gauge is silent until it is set, and is sampled before each snapshot', () => {
  const metrics = create()
  const name = 'dvara_lease_remaining_seconds'
  assert.equal(read(metrics, name), undefined)
  let leaseS = 2
  metrics.beforeSnapshot(() => metrics.setGauge(name, leaseS))
  assert.equal(read(metrics, name), 2)
  leaseS = -1
  assert.equal(read(metrics, name), -1)
  metrics.setEntries('sessions', 7)
  assert.equal(read(metrics, 'dvara_cache_entries', { table: 'sessions' }), 7)
  assert.equal(read(metrics, 'dvara_cache_entries', { table: 'tokens' }), undefined)
})

test('the text is strict, names the build and has no metric that promtool refuses', async () => {
  const metrics = create()
  metrics.observeDecision('nginx', GRANT_ANYONE, 'session', 12)
  const text = await metrics.expose()
  const families = parseExposition(text)
  assert.deepEqual(families.get('dvara_build_info')?.samples[0]?.labels, BUILD)
  assert.ok(families.has('process_cpu_seconds_total'))
  assert.ok((read(metrics, 'dvara_resident_memory_bytes') ?? 0) > 1_000_000)
  assert.ok((read(metrics, 'dvara_cpu_seconds_total') ?? 0) > 0)
  assert.ok((read(metrics, 'dvara_event_loop_lag_seconds', { stat: 'max' }) ?? -1) >= 0)
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
test('promtool accepts the text', {
  skip: hasPromtool ? false : 'promtool is absent',
}, async () => {
  const input = renderSnapshot(create().snapshot())
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input })
  assert.equal(status, 0, String(stderr))
})

test('any history of counts adds up', () => {
  const dialect = fc.constantFrom(...DIALECT_NAMES)
  const answer = fc.constantFrom(GRANT_ANYONE, ...REASON_NAMES.map(deny))
  const credential = fc.constantFrom(...CREDENTIAL_KINDS)
  const event = fc.tuple(dialect, answer, credential, fc.nat(300_000))
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      const metrics = createMetrics({ build: BUILD })
      for (const each of events) metrics.observeDecision(...each)
      const families = parseExposition(renderSnapshot(metrics.snapshot()))
      metrics.close()
      const total = (families.get('dvara_decisions_total')?.samples ?? []).reduce(
        (sum, { value }) => sum + value,
        0,
      )
      const counted = (families.get('dvara_decision_duration_seconds')?.samples ?? [])
        .filter(({ name }) => name.endsWith('_count'))
        .reduce((sum, { value }) => sum + value, 0)
      assert.deepEqual([total, counted], [events.length, events.length])
    }),
    { numRuns: 50 },
  )
})
