import type { MetricRow } from './metric-table.ts'

export const ACK_PATHS = ['fast', 'slow'] as const
export type AckPath = (typeof ACK_PATHS)[number]

/** What a look at Redis said of an allow that memory had given. */
const SELF_AUDIT_OUTCOMES = ['same', 'explained', 'mismatch', 'unknown'] as const
export type SelfAuditOutcome = (typeof SELF_AUDIT_OUTCOMES)[number]

/**
 * From a change that all have applied at once to one that waits for a lease: 2 s by default, 30 s
 * in the availability profile, each with a little more for clocks that differ.
 */
const ACK_BUCKETS_US = [
  ...[1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000],
  ...[1_000_000, 2_000_000, 2_500_000, 5_000_000, 10_000_000, 40_000_000],
] as const

/** Metrics of revocations: how long until they are in force, and on whom. */
export const REVOCATION_METRICS = {
  dvara_revocation_ack_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: { path: ACK_PATHS },
    bucketsUs: ACK_BUCKETS_US,
    merge: 'sum',
    help: 'Until a change was in force on every authorizer: all said so, or leases had run out.',
  },
  dvara_revocations_not_in_force_total: {
    type: 'counter',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Changes that were recorded and not acknowledged: they came, or come, into force later.',
  },
  dvara_members: {
    type: 'gauge',
    unit: 'one',
    labels: {},
    merge: 'max',
    help: 'Authorizers that a change waits for.',
  },
  dvara_members_pruned_total: {
    type: 'counter',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Authorizers that were taken off the list because their heart had stopped.',
  },
  dvara_epoch_changes_total: {
    type: 'counter',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Times that Redis was found to be filled anew; the first sight counts.',
  },
  dvara_second_leases: {
    type: 'gauge',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Workers that go by Postgres now, because Redis does not answer them.',
  },
  dvara_log_head_seq: {
    type: 'gauge',
    unit: 'one',
    labels: {},
    merge: 'max',
    help: 'Last entry of the invalidation log, as far as any worker has heard.',
  },
  dvara_log_gaps_total: {
    type: 'counter',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Pushes that had not come when a later one did, or a heartbeat said so.',
  },
  dvara_self_audits_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: SELF_AUDIT_OUTCOMES },
    merge: 'sum',
    help: 'Allows compared with Redis after the answer; every mismatch is a bug or lost writes.',
  },
} as const satisfies Record<string, MetricRow>
