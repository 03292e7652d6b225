import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Config } from '../config/settings.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createLimits, type Limits } from './limits.ts'
import { networksOf } from './networks.ts'

/** The limits of the settings, counted by the metrics. */
export function openLimits(config: Config, metrics: Metrics): Limits {
  const random = randomBytes(8)
  const limits = createLimits({
    perAddress: config.ratePerAddress,
    requestCost: config.rateRequestCost,
    failureCost: config.rateFailureCost,
    perPrincipal: config.ratePerPrincipal,
    perKey: config.ratePerKey,
    exempt: networksOf(config.rateExempt),
    bucketsMax: config.rateBucketsMax,
    hashKey: [random.readInt32LE(0), random.readInt32LE(4)],
    monotonicMs: () => performance.now(),
    onLimited: (limit) => metrics.countRateLimited(limit),
  })
  metrics.beforeSnapshot(() => {
    const { addresses, proven } = limits
    metrics.setBuckets('addresses', addresses.used(), addresses.evictions())
    metrics.setBuckets('proven', proven.used(), proven.evictions())
  })
  return limits
}
