import assert from 'node:assert'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FaultCode } from '../core/fault.ts'
import type { Scope } from '../core/invalidation.ts'
import type { LimitKind } from '../core/limit-class.ts'
import type { Outcome } from '../core/reconsider.ts'
import type { Answer } from '../core/verdict.ts'
import { createExposition, type Exposition } from './exposition.ts'
import {
  type ActivityOutcome,
  ALGORITHMS,
  type Algorithm,
  BUCKETS_US,
  type BurnOutcome,
  bucketsOf,
  CREDENTIAL_KINDS,
  type CredentialKind,
  type CryptoEngineName,
  cellsPerSeries,
  DIALECT_LABELS,
  type DialectLabel,
  type LoadOutcome,
  listSeries,
  METRIC_NAMES,
  METRICS,
  type MetricName,
  type MetricRow,
  type PlainCounter,
  type PlainGauge,
  REASON_NAMES,
  type ReloadOutcome,
  type StoreName,
  TABLE_NAMES,
  type TableName,
  TOKEN_SOURCES,
  type TokenSource,
} from './metric-table.ts'
import type { SettleOutcome } from './metrics-of-policy.ts'
import { labelsOfShadow } from './metrics-of-policy.ts'
import { ACK_PATHS, type AckPath, type SelfAuditOutcome } from './metrics-of-revocation.ts'
import type { BuildInfo, MetricsSnapshot } from './snapshot.ts'

/** The counts of one process. Counting is a write into a typed array; text is made at a scrape. */
export interface Metrics {
  /** One answer and the time that it took. Allocates nothing. */
  observeDecision(
    dialect: DialectLabel,
    answer: Answer,
    credential: CredentialKind,
    elapsedUs: number,
  ): void
  countHit(table: TableName): void
  countMiss(table: TableName): void
  countLoad(table: TableName, outcome: LoadOutcome): void
  countStoreFault(store: StoreName, code: FaultCode): void
  countBurn(outcome: BurnOutcome): void
  countTokenSigned(algorithm: Algorithm, source: TokenSource): void
  countInvalidation(scope: Scope): void
  countPolicyReload(outcome: ReloadOutcome): void
  count(name: PlainCounter): void
  /** One change that came into force everywhere. */
  observeAck(path: AckPath, elapsedMs: number): void
  countSelfAudit(outcome: SelfAuditOutcome): void
  countActivities(outcome: ActivityOutcome, activitiesCount: number): void
  setEntries(table: TableName, entriesCount: number): void
  countWithheld(): void
  countRateLimited(limit: LimitKind): void
  countSettled(outcome: SettleOutcome): void
  /** One check that was also put to the shadow policy. */
  countShadow(live: Outcome, shadow: Outcome | 'unknown'): void
  countShadowReload(outcome: ReloadOutcome): void
  setBuckets(table: 'addresses' | 'proven', usedCount: number, evictionsCount: number): void
  /** A key of ours has signed. */
  keyUsed(kid: string, nowMs: number): void
  /** What signs in this process now. */
  setCryptoEngine(engine: CryptoEngineName): void
  /** A gauge that is never set is not exposed. */
  setGauge(name: PlainGauge, value: number): void
  /** `sample` is run before every snapshot, to set gauges that need not be kept up at all times. */
  beforeSnapshot(sample: () => void): void
  /** Begins a new period of `dvara_event_loop_lag_seconds`. */
  snapshot(): MetricsSnapshot
  /** The text for /metrics of a process without supervisor. */
  expose(): Promise<string>
  close(): void
}

/** How often the lag of the event loop is sampled; finer costs wake-ups, coarser misses stalls. */
const LAG_SAMPLE_MS = 20

type Cells = Record<MetricName, Float64Array>

function createCells(): Cells {
  const cells: Partial<Cells> = {}
  for (const name of METRIC_NAMES) {
    const row: MetricRow = METRICS[name]
    const fresh = new Float64Array(listSeries(row).length * cellsPerSeries(row))
    // Zero would be a claim; a gauge knows nothing until it is set.
    cells[name] = row.type === 'gauge' ? fresh.fill(Number.NaN) : fresh
  }
  return cells as Cells
}

/** Counters of this process, at zero. `close` ends the sampling of the event loop. */
export function createMetrics(deps: { readonly build: BuildInfo }): Metrics {
  const cells = createCells()
  const samples: (() => void)[] = []
  const keysUsedAtS = new Map<string, number>()
  const lag = monitorEventLoopDelay({ resolution: LAG_SAMPLE_MS })
  lag.enable()
  let exposition: Exposition | undefined

  const count = (name: MetricName, ...labels: string[]): void => {
    const own = cells[name]
    const at = seriesIndex(name, labels)
    own[at] = (own[at] as number) + 1
  }

  function snapshot(): MetricsSnapshot {
    for (const sample of samples) sample()
    sampleProcess(cells)
    // The timer itself is part of what the monitor measures.
    const stats = [lag.percentile(50), lag.percentile(99), lag.max]
    const lagsS = stats.map((ns) => Math.max(0, ns / 1e9 - LAG_SAMPLE_MS / 1000))
    cells.dvara_event_loop_lag_seconds.set(lag.count === 0 ? [0, 0, 0] : lagsS)
    lag.reset()
    const { build } = deps
    return { build, cells: copyCells(cells), keysUsedAtS: Object.fromEntries(keysUsedAtS) }
  }

  return {
    observeDecision: createObserveDecision(cells),
    countHit: createCountByTable(cells.dvara_cache_hits_total),
    countMiss: createCountByTable(cells.dvara_cache_misses_total),
    countLoad: (table, outcome) => count('dvara_loads_total', table, outcome),
    countStoreFault: (store, code) => count('dvara_store_faults_total', store, code),
    countBurn: (outcome) => count('dvara_nonces_total', outcome),
    countTokenSigned: createCountTokenSigned(cells.dvara_tokens_signed_total),
    countInvalidation: (scope) => count('dvara_invalidations_total', scope),
    countWithheld: () => count('dvara_signatures_withheld_total'),
    countRateLimited: (limit) => count('dvara_rate_limited_total', limit),
    countSettled: (outcome) => count('dvara_rate_settlements_total', outcome),
    countShadow: (live, shadow) =>
      count('dvara_shadow_decisions_total', ...labelsOfShadow(live, shadow)),
    countShadowReload: (outcome) => count('dvara_shadow_reload_total', outcome),
    setBuckets(table, usedCount, evictionsCount) {
      cells.dvara_rate_buckets[seriesIndex('dvara_rate_buckets', [table])] = usedCount
      cells.dvara_rate_evictions[seriesIndex('dvara_rate_evictions', [table])] = evictionsCount
    },
    keyUsed: (kid, nowMs) => void keysUsedAtS.set(kid, Math.floor(nowMs / 1000)),
    setCryptoEngine(engine) {
      cells.dvara_crypto_engine.fill(0)
      cells.dvara_crypto_engine[seriesIndex('dvara_crypto_engine', [engine])] = 1
    },
    count: (name) => count(name),
    observeAck: createObserveAck(cells.dvara_revocation_ack_seconds),
    countSelfAudit: (outcome) => count('dvara_self_audits_total', outcome),
    countPolicyReload: (outcome) => count('dvara_policy_reload_total', outcome),
    countActivities(outcome, activitiesCount) {
      const at = seriesIndex('dvara_activities_total', [outcome])
      const own = cells.dvara_activities_total
      own[at] = (own[at] as number) + activitiesCount
    },
    setEntries(table, entriesCount) {
      cells.dvara_cache_entries[seriesIndex('dvara_cache_entries', [table])] = entriesCount
    },
    setGauge(name, value) {
      cells[name][0] = value
    },
    beforeSnapshot: (sample) => void samples.push(sample),
    snapshot,
    expose() {
      exposition ??= createExposition()
      return exposition.expose(snapshot())
    },
    close() {
      lag.disable()
      exposition?.close()
    },
  }
}

/** Where a combination of labels is kept: the last label changes fastest. */
function seriesIndex(name: MetricName, labels: readonly string[]): number {
  const rows: MetricRow['labels'] = METRICS[name].labels
  let index = 0
  let at = 0
  for (const label in rows) {
    const values = rows[label] as readonly string[]
    const value = values.indexOf(labels[at++] as string)
    assert(value !== -1, `${name} has no such ${label}`)
    index = index * values.length + value
  }
  return index
}

/** Also paid for by every check, so without the search of `count`. */
function createCountByTable(cells: Float64Array): (table: TableName) => void {
  const [first] = TABLE_NAMES
  const places = placesOf(TABLE_NAMES)
  return function countByTable(table) {
    const at = table === first ? 0 : (places.get(table) as number)
    cells[at] = (cells[at] as number) + 1
  }
}

function createCountTokenSigned(cells: Float64Array): Metrics['countTokenSigned'] {
  const places = placesOf(ALGORITHMS)
  let lastAlgorithm: Algorithm = ALGORITHMS[0]
  let first = 0
  return function countTokenSigned(algorithm, source) {
    // One key signs for weeks.
    if (algorithm !== lastAlgorithm) {
      lastAlgorithm = algorithm
      first = (places.get(algorithm) as number) * TOKEN_SOURCES.length
    }
    const at = first + (source === TOKEN_SOURCES[0] ? 0 : 1)
    cells[at] = (cells[at] as number) + 1
  }
}

/** Name → place. V8 finds an interned name in a Map twice as fast as in an object (30, 60 ns). */
function placesOf<T extends string>(names: readonly T[]): ReadonlyMap<T, number> {
  return new Map(names.map((name, at) => [name, at]))
}

// The one count that every check pays for: two lookups, a short scan, three additions.
function createObserveDecision(cells: Cells): Metrics['observeDecision'] {
  const decisions = cells.dvara_decisions_total
  const durations = cells.dvara_decision_duration_seconds
  const dialects = placesOf(DIALECT_LABELS)
  const reasons = placesOf(REASON_NAMES)
  const reasonsCount = REASON_NAMES.length + 1
  const kindsCount = CREDENTIAL_KINDS.length
  const boundsUs = Float64Array.from(BUCKETS_US)
  const boundsCount = boundsUs.length
  const width = boundsCount + 2

  let lastDialect: DialectLabel = DIALECT_LABELS[0]
  let lastRow = 0

  return function observeDecision(dialect, answer, credential, elapsedUs) {
    // Most processes hear one dialect only.
    if (dialect !== lastDialect) {
      lastDialect = dialect
      lastRow = dialects.get(dialect) as number
    }
    const row = lastRow
    const reason = answer.kind === 'allow' ? 0 : (reasons.get(answer.reason) as number) + 1
    const kind = credential === 'session' ? 1 : credential === 'none' ? 0 : 2
    const cell = (row * reasonsCount + reason) * kindsCount + kind
    decisions[cell] = (decisions[cell] as number) + 1

    // A clock that stepped back must not poison the sum, nor NaN, which Math.max would keep.
    let us = 0
    if (elapsedUs > 0) us = elapsedUs
    let bucket = 0
    while (bucket < boundsCount && us > (boundsUs[bucket] as number)) bucket++
    const first = row * width
    durations[first + bucket] = (durations[first + bucket] as number) + 1
    const sum = first + boundsCount + 1
    durations[sum] = (durations[sum] as number) + us
  }
}

function sampleProcess(cells: Cells): void {
  const { user, system } = process.cpuUsage()
  cells.dvara_workers[0] = 1
  cells.dvara_cpu_seconds_total[0] = (user + system) / 1_000_000
  cells.dvara_resident_memory_bytes[0] = process.memoryUsage.rss()
}

function copyCells(cells: Cells): MetricsSnapshot['cells'] {
  const copy: Partial<Record<MetricName, (number | null)[]>> = {}
  for (const name of METRIC_NAMES) {
    copy[name] = Array.from(cells[name], (value) => (Number.isFinite(value) ? value : null))
  }
  return copy as MetricsSnapshot['cells']
}

function createObserveAck(cells: Float64Array): Metrics['observeAck'] {
  const boundsUs = bucketsOf(METRICS.dvara_revocation_ack_seconds)
  const width = boundsUs.length + 2
  return function observeAck(path, elapsedMs) {
    const us = elapsedMs > 0 ? elapsedMs * 1000 : 0
    const found = boundsUs.findIndex((bound) => us <= bound)
    const bucket = found === -1 ? boundsUs.length : found
    const first = ACK_PATHS.indexOf(path) * width
    cells[first + bucket] = (cells[first + bucket] as number) + 1
    cells[first + width - 1] = (cells[first + width - 1] as number) + us
  }
}
