import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { REASONS } from '../../src/core/reason.ts'
import { renderReasonsPage } from '../../src/telemetry/reasons-page.ts'

test('docs/reasons.md is in step with the table; if not: npm run docs', () => {
  assert.equal(readFileSync(join(projectRoot, 'docs/reasons.md'), 'utf8'), renderReasonsPage())
})

test('every reason has one row, in order of precedence', () => {
  const rows = [...renderReasonsPage().matchAll(/^\| `([^`]+)` \| (\d{3}) \|/gm)]
  const expected = Object.entries(REASONS).map(([reason, { status }]) => [reason, String(status)])
  assert.deepEqual(
    rows.map((row) => [row[1], row[2]]),
    expected,
  )
})
