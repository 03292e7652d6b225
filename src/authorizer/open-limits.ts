import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Config } from '../config/settings.ts'
import type { Rates } from '../store/rates.ts'
import { systemClock } from '../store/system-clock.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createLimits, type Limits } from './limits.ts'
import { networksOf } from './networks.ts'
import type { SayFault } from './observe.ts'
import { createSettling } from './settle.ts'

export interface OpenLimits extends Limits {
  /** Tells the other authorizers the last draws. Never rejects. */
  drain(): Promise<void>
}

/** The limits of the settings, counted by the metrics. */
export async function openLimits(
  config: Config,
  metrics: Metrics,
  rates: Rates,
  sayFault: SayFault,
): Promise<OpenLimits> {
  const random = randomBytes(8)
  const settling = !config.rateShared
    ? undefined
    : createSettling({
        ...{ rates, clock: systemClock, onOutcome: metrics.countSettled },
        onFault: (fault) => sayFault('rates', fault),
      })
  const limits = createLimits({
    perAddress: config.ratePerAddress,
    requestCost: config.rateRequestCost,
    failureCost: config.rateFailureCost,
    perPrincipal: config.ratePerPrincipal,
    perKey: config.ratePerKey,
    exempt: networksOf(config.rateExempt),
    bucketsMax: config.rateBucketsMax,
    hashKey: [random.readInt32LE(0), random.readInt32LE(4)],
    settling,
    monotonicMs: () => performance.now(),
    onLimited: (limit) => metrics.countRateLimited(limit),
  })
  metrics.beforeSnapshot(() => {
    const { addresses, proven } = limits
    metrics.setBuckets('addresses', addresses.used(), addresses.evictions())
    metrics.setBuckets('proven', proven.used(), proven.evictions())
  })
  await settling?.start()
  return { ...limits, drain: async () => settling?.drain() }
}
