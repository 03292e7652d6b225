import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExposition, renderSnapshot } from '../../src/telemetry/exposition.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { parseExposition } from './exposition-text.ts'

test('a build with odd characters cannot break out of its label', () => {
  const metrics = createMetrics({ build: { version: 'a"b', node: 'c\\d', engine: 'e\nf' } })
  const labels = parseExposition(renderSnapshot(metrics.snapshot())).get('dvara_build_info')
  assert.deepEqual(labels?.samples[0]?.labels, {
    version: 'a\\"b',
    node: 'c\\\\d',
    engine: 'e\\nf',
  })
  metrics.close()
})

test('the process that answers adds its own metrics, without the ill-named three', async () => {
  const metrics = createMetrics({ build: { version: '1', node: '2', engine: '3' } })
  const exposition = createExposition()
  const families = parseExposition(await exposition.expose(metrics.snapshot()))
  assert.ok(families.has('process_resident_memory_bytes'))
  assert.ok(families.has('dvara_decision_duration_seconds'))
  for (const name of families.keys()) assert.doesNotMatch(name, /^nodejs_active_.*_total$/)
  exposition.close()
  metrics.close()
})

const MALFORMED: [string, string][] = [
  ['no line break at the end', '# HELP a b\n# TYPE a gauge\na 1'],
  ['a sample without family', 'a 1\n'],
  ['a family without help', '# TYPE a gauge\na 1\n'],
  ['a series given twice', '# HELP a b\n# TYPE a gauge\na 1\na 1\n'],
  ['a value that is no number', '# HELP a b\n# TYPE a gauge\na x\n'],
  ['a label without quotes', '# HELP a b\n# TYPE a gauge\na{b=c} 1\n'],
  ['a gauge named as a counter', '# HELP a_total b\n# TYPE a_total gauge\na_total 1\n'],
  [
    'buckets that fall',
    '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_count 1\n',
  ],
]

for (const [about, text] of MALFORMED) {
  test(`the tests’ own reader refuses ${about}`, () => {
    assert.throws(() => parseExposition(text))
  })
}
