import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createObserve, createReport, createSayFault } from '../../src/authorizer/observe.ts'
import type { Check } from '../../src/core/check.ts'
import { Fault } from '../../src/core/fault.ts'
import { createFindings } from '../../src/core/findings.ts'
import type { Reason } from '../../src/core/reason.ts'
import { deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createSayAtMost } from '../../src/telemetry/say-at-most.ts'
import { checkOf } from '../core/facts.ts'

function world() {
  const lines: Record<string, unknown>[] = []
  const { log } = createLog({
    level: 'info',
    name: 'test',
    stream: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  })
  const metrics = createMetrics({ build: { version: '0', node: 'v', engine: 'node' } })
  return { lines, log, metrics }
}

test('an answer is counted by dialect, reason and kind of credential, and kept', async (t) => {
  const { metrics } = world()
  const charged: unknown[] = []
  t.after(() => metrics.close())
  const kept: number[] = []
  const limits = {
    chargeFailure: (_check: Check, reason: Reason, isPresented: boolean) =>
      void charged.push([reason, isPresented]),
  }
  const observe = createObserve(metrics, 'sid', limits, [
    (_dialect, _answer, _check, _elapsedUs, decision) => kept.push(decision),
  ])
  const found = createFindings()
  observe('nginx', GRANT_ANYONE, checkOf(), 30, 7, found)
  observe('nginx', GRANT_ANYONE, checkOf({ cookies: 'sid=x' }), 30, 8, found)
  observe('nginx', deny('authz.unexistent_apikey'), checkOf({ apiKey: KEY }), 30, 9, found)
  observe('none', deny('authz.untrusted_gateway'), undefined, 30, 10, found)
  assert.deepEqual(charged, [['authz.unexistent_apikey', false]])
  assert.deepEqual(kept, [7, 8, 9, 10])
  const text = await metrics.expose()
  for (const [dialect, reason, credential] of [
    ['nginx', 'none', 'none'],
    ['nginx', 'none', 'session'],
    ['nginx', 'authz.unexistent_apikey', 'api_key'],
    ['none', 'authz.untrusted_gateway', 'none'],
  ]) {
    const labels = `dialect="${dialect}",.*reason="${reason}",credential="${credential}"`
    assert.match(text, new RegExp(`^dvara_decisions_total\\{${labels}\\} 1$`, 'm'))
  }
})

const KEY = { kid: 'k', nonce: '1', signature: 's', version: undefined, contentDigest: undefined }

test('an outage is said once a second for each place and code, with how often it was not', () => {
  const { lines, log } = world()
  const clock = { ms: 0 }
  const sayFault = createSayFault(
    log,
    createSayAtMost(() => clock.ms),
  )
  for (let count = 0; count < 5; count++) sayFault('log', new Fault('store_timeout'))
  sayFault('facts', new Fault('store_timeout'))
  clock.ms = 1001
  sayFault('log', new Fault('store_timeout'))
  assert.deepEqual(
    lines.map(({ where, code, dropped }) => [where, code, dropped]),
    [
      ['log', 'store_timeout', 0],
      ['facts', 'store_timeout', 0],
      ['log', 'store_timeout', 4],
    ],
  )
})

test('what a gateway does wrong is a warning; what we do wrong is an error', (t) => {
  const { lines, log, metrics } = world()
  t.after(() => metrics.close())
  const report = createReport(log, metrics)
  report.gatewayEvent({ kind: 'malformed_check', dialect: 'nginx', about: 'x-original-uri' }, 2)
  report.gatewayEvent({ kind: 'bug', cause: new Error('oops') }, 0)
  assert.deepEqual(
    lines.map(({ level, kind, about, skippedCount }) => [level, kind, about, skippedCount]),
    [
      ['warn', 'malformed_check', 'x-original-uri', 2],
      ['error', 'bug', undefined, 0],
    ],
  )
})

test('a policy in force and one refused are said and counted', async (t) => {
  const { lines, log, metrics } = world()
  t.after(() => metrics.close())
  const report = createReport(log, metrics)
  report.policyChanged({ outcome: 'loaded', source: 'file', version: 3 })
  report.policyChanged({ outcome: 'refused', source: 'file', problems: ['p'] })
  report.policyChanged({ outcome: 'partial', source: 'permissions', problems: ['q'] })
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['info', 'error', 'warn'],
  )
  const text = await metrics.expose()
  assert.match(text, /^dvara_policy_reload_total\{outcome="applied"\} 1$/m)
  assert.match(text, /^dvara_policy_reload_total\{outcome="rejected"\} 1$/m)
})
