import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sampleGauges } from '../../src/authorizer/gauges.ts'
import { createMemory } from '../../src/authorizer/memory.ts'
import { renderSnapshot } from '../../src/telemetry/exposition.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { NOW, policyOf } from '../core/facts.ts'

const metrics = createMetrics({ build: { version: '1.2.3', node: 'v20.0.0', engine: 'node' } })
after(() => metrics.close())

test('the age of the GeoIP file is shown once one was read', () => {
  const state = { builtAtMs: undefined as number | undefined }
  const memory = createMemory({ sessionsMax: 10, apikeysMax: 10, leaseMs: 2000 }, () => 0)
  sampleGauges({
    ...{ metrics, memory, policy: { current: () => policyOf() } },
    places: { builtAtMs: () => state.builtAtMs },
    follower: { appliedSeq: () => 1, headSeq: () => 1, isLoading: () => true },
    ...{ monotonicMs: () => 0, nowMs: () => NOW },
  })
  const text = () => renderSnapshot(metrics.snapshot())
  const shown = () => /^dvara_geoip_age_seconds (\S+)$/m.exec(text())?.[1]
  assert.equal(shown(), undefined)
  state.builtAtMs = NOW - 90_000
  assert.equal(shown(), '90')
  state.builtAtMs = NOW + 5000
  assert.equal(shown(), '0', 'made by a clock that is ahead of ours')
})
