import { LIMIT_KINDS } from '../core/limit-class.ts'
import type { Outcome } from '../core/reconsider.ts'
import type { MetricRow } from './metric-table.ts'

/** What the live policy said; everything that a policy does not decide is `other`. */
const LIVE_OUTCOMES = [
  'none',
  'authz.permission_denied',
  'authz.invalid_permission',
  'other',
] as const

/** What another policy would say; `same` where that is no different. */
const SHADOW_OUTCOMES = [
  'same',
  'none',
  'authz.permission_denied',
  'authz.invalid_permission',
  'authz.invalid_session',
  'unknown',
  'other',
] as const

/** How workers that share limits told each other what they drew. */
const SETTLE_OUTCOMES = ['settled', 'renamed', 'fault'] as const
export type SettleOutcome = (typeof SETTLE_OUTCOMES)[number]

/** Metrics of rate limits and of the policy that runs in the shadow of the live one. */
export const POLICY_METRICS = {
  dvara_rate_limited_total: {
    type: 'counter',
    unit: 'one',
    labels: { limit: LIMIT_KINDS },
    merge: 'sum',
    help: 'Checks refused by a rate limit.',
  },
  dvara_rate_buckets: {
    type: 'gauge',
    unit: 'one',
    labels: { table: ['addresses', 'proven'] },
    merge: 'sum',
    help: 'Places for a count that were ever used: of addresses, and of what was proven.',
  },
  dvara_rate_evictions: {
    type: 'gauge',
    unit: 'one',
    labels: { table: ['addresses', 'proven'] },
    merge: 'sum',
    help: 'Counts that gave their place, and what was drawn from them, to another since the start.',
  },
  dvara_rate_settlements_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: SETTLE_OUTCOMES },
    merge: 'sum',
    help: 'Times that draws from shared limits were told to Redis; a fault leaves workers alone.',
  },
  dvara_geoip_age_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: {},
    merge: 'max',
    help: 'Since the data of the GeoIP file was made; not shown while none was read.',
  },
  dvara_shadow_decisions_total: {
    type: 'counter',
    unit: 'one',
    labels: { live: LIVE_OUTCOMES, shadow: SHADOW_OUTCOMES },
    merge: 'sum',
    help: 'Checks that were also put to the shadow policy, by what the live one and it said.',
  },
  dvara_shadow_reload_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: ['applied', 'rejected'] },
    merge: 'sum',
    help: 'New shadow policies that are tried, or rejected and the old one kept.',
  },
} as const satisfies Record<string, MetricRow>

/** Out of these two closed sets, whatever was said. */
export function labelsOfShadow(live: Outcome, shadow: Outcome | 'unknown'): [string, string] {
  const from = (LIVE_OUTCOMES as readonly string[]).includes(live) ? live : 'other'
  if (shadow === live) return [from, 'same']
  return [from, (SHADOW_OUTCOMES as readonly string[]).includes(shadow) ? shadow : 'other']
}
