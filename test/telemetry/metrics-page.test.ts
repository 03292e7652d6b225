import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { BUILD_INFO, KEY_LAST_USED, METRIC_NAMES } from '../../src/telemetry/metric-table.ts'
import { renderMetricsPage } from '../../src/telemetry/metrics-page.ts'

test('docs/metrics.md is in step with the table; if not: npm run docs', () => {
  assert.equal(readFileSync(join(projectRoot, 'docs/metrics.md'), 'utf8'), renderMetricsPage())
})

test('every metric has one row', () => {
  const rows = [...renderMetricsPage().matchAll(/^\| `([^`]+)` \|/gm)].map((row) => row[1])
  assert.deepEqual(rows, [BUILD_INFO.name, ...METRIC_NAMES, KEY_LAST_USED.name])
})
