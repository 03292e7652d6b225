import type { Geo } from '../store/geo.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Follower } from './follow.ts'
import type { Memory } from './memory.ts'
import type { PolicyHolder } from './policy.ts'

/** What is only looked at when somebody asks for the numbers. */
export function sampleGauges(parts: {
  readonly metrics: Metrics
  readonly memory: Memory
  readonly policy: Pick<PolicyHolder, 'current'>
  readonly places: Pick<Geo, 'builtAtMs'>
  readonly follower: Pick<Follower, 'appliedSeq' | 'headSeq' | 'isLoading'>
  readonly monotonicMs: () => number
  readonly nowMs: () => number
}): void {
  const { metrics, memory, policy, places, follower, monotonicMs, nowMs } = parts
  const { table, keys, lease } = memory
  metrics.beforeSnapshot(() => {
    metrics.setEntries('sessions', table.entries())
    metrics.setEntries('keys', keys.known.entries())
    metrics.setGauge('dvara_lease_remaining_seconds', lease.remainingMs(monotonicMs()) / 1000)
    metrics.setGauge('dvara_log_applied_seq', follower.appliedSeq())
    metrics.setGauge('dvara_log_head_seq', follower.headSeq())
    metrics.setGauge('dvara_second_leases', follower.isLoading() ? 0 : 1)
    metrics.setGauge('dvara_policy_version', policy.current().version)
    metrics.setGauge('dvara_restrictions', policy.current().restrictions.count)
    const builtAtMs = places.builtAtMs()
    if (builtAtMs === undefined) return
    metrics.setGauge('dvara_geoip_age_seconds', Math.max(0, nowMs() - builtAtMs) / 1000)
  })
}
