import { DIALECT_NAMES, type DialectName } from '../core/check.ts'
import type { FaultCode } from '../core/fault.ts'
import { SCOPES } from '../core/invalidation.ts'
import { REASONS, type Reason } from '../core/reason.ts'
import { POLICY_METRICS } from './metrics-of-policy.ts'
import { REVOCATION_METRICS } from './metrics-of-revocation.ts'

export const CREDENTIAL_KINDS = ['none', 'session', 'api_key'] as const
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]

/** `none`: the caller was refused before its dialect was read. */
export const DIALECT_LABELS = ['none', ...DIALECT_NAMES] as const
export type DialectLabel = DialectName | 'none'

/** The tables of an authorizer's memory. */
export const TABLE_NAMES = ['sessions', 'keys', 'tokens'] as const
export type TableName = (typeof TABLE_NAMES)[number]

/**
 * How a load ended: with facts, with the knowledge that there are none, or without an answer.
 * `forged` never began: nobody of ours sealed what was presented.
 */
const LOAD_OUTCOMES = ['found', 'missing', 'forged', 'overtaken', 'overflow', 'fault'] as const
export type LoadOutcome = (typeof LOAD_OUTCOMES)[number]

/** What became of a nonce that was to be used up. */
const BURN_OUTCOMES = ['burned', 'used', 'stale', 'full', 'fault'] as const
export type BurnOutcome = (typeof BURN_OUTCOMES)[number]

const STORE_NAMES = ['redis', 'postgres', 'embedded'] as const
export type StoreName = (typeof STORE_NAMES)[number]

const RELOAD_OUTCOMES = ['applied', 'rejected'] as const
export type ReloadOutcome = (typeof RELOAD_OUTCOMES)[number]

export const ALGORITHMS = ['EdDSA', 'ES256', 'RS256', 'PS256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export const TOKEN_SOURCES = ['memo', 'fresh'] as const
export type TokenSource = (typeof TOKEN_SOURCES)[number]

const CRYPTO_ENGINES = ['wasm', 'node'] as const
export type CryptoEngineName = (typeof CRYPTO_ENGINES)[number]

/** What became of activities on their way to the identity API. */
const ACTIVITY_OUTCOMES = ['queued', 'spilled', 'replayed', 'dropped'] as const
export type ActivityOutcome = (typeof ACTIVITY_OUTCOMES)[number]

const LAG_STATS = ['p50', 'p99', 'max'] as const

export const REASON_NAMES = Object.keys(REASONS) as Reason[]

// A record rather than a list, so that the compiler misses none.
const FAULTS: Record<FaultCode, true> = {
  store_unavailable: true,
  store_timeout: true,
  store_garbage: true,
  store_unsealed: true,
  store_conflict: true,
  store_rejected: true,
  not_in_force: true,
  load_overflow: true,
  signer_failed: true,
}
const FAULT_CODES = Object.keys(FAULTS) as FaultCode[]

/** Upper bounds of the latency buckets. The first ones are where a remembered answer falls. */
export const BUCKETS_US = [
  25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000,
] as const

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly unit: 'one' | 'seconds' | 'bytes'
  /** Every label with every value it can have: nothing that a client sends makes a new series. */
  readonly labels: Readonly<Record<string, readonly string[]>>
  /** Of a histogram whose values are no latencies of checks. */
  readonly bucketsUs?: readonly number[]
  /** How the workers of one machine add up to one number. */
  readonly merge: 'sum' | 'min' | 'max'
  readonly help: string
}

/** One number of something, without labels. */
const COUNT = { type: 'gauge', unit: 'one', labels: {} } as const

/** Every metric of dvara's own. `dvara_build_info` stands apart: its labels are the build's. */
export const METRICS = {
  dvara_decisions_total: {
    type: 'counter',
    unit: 'one',
    labels: {
      dialect: DIALECT_LABELS,
      reason: ['none', ...REASON_NAMES],
      credential: CREDENTIAL_KINDS,
    },
    merge: 'sum',
    help: 'Checks answered. A dialect appears once it was asked; reason is none where allowed.',
  },
  dvara_decision_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: { dialect: DIALECT_LABELS },
    merge: 'sum',
    help: 'From a check that was read to its answer, sockets not included.',
  },
  dvara_cache_hits_total: {
    type: 'counter',
    unit: 'one',
    labels: { table: TABLE_NAMES },
    merge: 'sum',
    help: 'Questions answered from memory.',
  },
  dvara_cache_misses_total: {
    type: 'counter',
    unit: 'one',
    labels: { table: TABLE_NAMES },
    merge: 'sum',
    help: 'Questions that memory could not answer.',
  },
  dvara_cache_entries: {
    type: 'gauge',
    unit: 'one',
    labels: { table: TABLE_NAMES },
    merge: 'sum',
    help: 'Entries remembered now.',
  },
  dvara_loads_total: {
    type: 'counter',
    unit: 'one',
    labels: { table: TABLE_NAMES, outcome: LOAD_OUTCOMES },
    merge: 'sum',
    help: 'Loads from the store after a miss; a forged cookie is not looked up.',
  },
  dvara_nonces_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: BURN_OUTCOMES },
    merge: 'sum',
    help: 'Nonces of API keys to be used up: only those that were burned let their request pass.',
  },
  dvara_loads_in_flight: { ...COUNT, merge: 'sum', help: 'Loads that wait for the store now.' },
  dvara_connections: {
    ...COUNT,
    merge: 'sum',
    help: 'Connections from gateways that are open now.',
  },
  dvara_store_faults_total: {
    type: 'counter',
    unit: 'one',
    labels: { store: STORE_NAMES, code: FAULT_CODES },
    merge: 'sum',
    help: 'Questions to a store that failed.',
  },
  dvara_tokens_signed_total: {
    type: 'counter',
    unit: 'one',
    labels: { alg: ALGORITHMS, source: TOKEN_SOURCES },
    merge: 'sum',
    help: 'Tokens handed out: signed for this answer (fresh) or before it (memo).',
  },
  dvara_crypto_engine: {
    type: 'gauge',
    unit: 'one',
    labels: { engine: CRYPTO_ENGINES },
    merge: 'sum',
    help: 'Processes that sign with it: WebAssembly, or node:crypto by choice or after a fault.',
  },
  dvara_signatures_withheld_total: {
    type: 'counter',
    unit: 'one',
    labels: {},
    merge: 'sum',
    help: 'Signatures found wrong before they left; node:crypto signed instead.',
  },
  dvara_invalidations_total: {
    type: 'counter',
    unit: 'one',
    labels: { scope: SCOPES },
    merge: 'sum',
    help: 'Invalidations applied; every worker applies every one.',
  },
  dvara_log_applied_seq: {
    ...COUNT,
    merge: 'min',
    help: 'Last entry of the invalidation log that was applied, of the slowest worker.',
  },
  dvara_lease_remaining_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: {},
    merge: 'min',
    help: 'How long memory may still be believed, of the worst worker; 0 or less means not at all.',
  },
  dvara_policy_version: {
    ...COUNT,
    merge: 'min',
    help: 'Version of the policy in force, of the worker furthest behind.',
  },
  dvara_restrictions: { ...COUNT, merge: 'max', help: 'Restriction rows that are in force.' },
  dvara_policy_reload_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: RELOAD_OUTCOMES },
    merge: 'sum',
    help: 'New policies that were put in force, or rejected and the old one kept.',
  },
  ...POLICY_METRICS,
  ...REVOCATION_METRICS,
  dvara_activities_total: {
    type: 'counter',
    unit: 'one',
    labels: { outcome: ACTIVITY_OUTCOMES },
    merge: 'sum',
    help:
      'Activities handed to Redis (queued), kept in a file while it was away (spilled), handed ' +
      'over from there (replayed), or lost for want of room (dropped).',
  },
  dvara_event_loop_lag_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: { stat: LAG_STATS },
    merge: 'max',
    help: 'How late the event loop was since the last scrape, of the worst worker.',
  },
  dvara_workers: { ...COUNT, merge: 'sum', help: 'Processes that these numbers are about.' },
  dvara_cpu_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: {},
    merge: 'sum',
    help: 'Processor time of these processes, user and system.',
  },
  dvara_resident_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: {},
    merge: 'sum',
    help: 'Resident memory of these processes.',
  },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[]

export const BUILD_INFO = {
  name: 'dvara_build_info',
  labels: ['version', 'node', 'engine'],
  help: 'Always 1; its labels say what runs here.',
} as const

/** Its label is a key of our own keyring, of which there are a handful; never a client's word. */
export const KEY_LAST_USED = {
  name: 'dvara_signing_key_last_used_timestamp_seconds',
  labels: ['kid'],
  help: 'When a key last signed, in seconds of the epoch: none of late means that it can go.',
} as const

/** Gauges without labels that a room sets. */
export type PlainGauge =
  | 'dvara_loads_in_flight'
  | 'dvara_connections'
  | 'dvara_log_applied_seq'
  | 'dvara_lease_remaining_seconds'
  | 'dvara_policy_version'
  | 'dvara_restrictions'
  | 'dvara_geoip_age_seconds'
  | 'dvara_members'
  | 'dvara_log_head_seq'
  | 'dvara_second_leases'

/** Counters without labels that a room raises. */
export type PlainCounter =
  | 'dvara_revocations_not_in_force_total'
  | 'dvara_members_pruned_total'
  | 'dvara_epoch_changes_total'
  | 'dvara_log_gaps_total'

/** Numbers that one combination of labels takes: a histogram has its buckets, +Inf and sum. */
export function cellsPerSeries(row: MetricRow): number {
  return row.type === 'histogram' ? bucketsOf(row).length + 2 : 1
}

/** Upper bounds of a histogram's buckets, in microseconds. */
export function bucketsOf({ bucketsUs = BUCKETS_US }: MetricRow): readonly number[] {
  return bucketsUs
}

/** All combinations of labels, in the order in which the numbers are kept: last label fastest. */
export function listSeries(row: MetricRow): Record<string, string>[] {
  let series: Record<string, string>[] = [{}]
  for (const [label, values] of Object.entries(row.labels)) {
    series = series.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })))
  }
  return series
}
