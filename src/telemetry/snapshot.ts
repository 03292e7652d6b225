import { METRIC_NAMES, METRICS, type MetricName, type MetricRow } from './metric-table.ts'

export interface BuildInfo {
  readonly version: string
  readonly node: string
  readonly engine: string
}

/**
 * All numbers of one process at one instant, as plain data that any channel between processes
 * carries. A gauge that was never set is null (JSON has no NaN).
 */
export interface MetricsSnapshot {
  readonly build: BuildInfo
  readonly cells: Readonly<Record<MetricName, readonly (number | null)[]>>
  /** When each signing key was last used, in seconds of the epoch, by its `kid`. */
  readonly keysUsedAtS: Readonly<Record<string, number>>
}

/** One from many, number by number, as each metric's row says. Needs one snapshot at least. */
export function mergeSnapshots(
  snapshots: readonly [MetricsSnapshot, ...MetricsSnapshot[]],
): MetricsSnapshot {
  const cells: Partial<Record<MetricName, (number | null)[]>> = {}
  for (const name of METRIC_NAMES) {
    const { merge } = METRICS[name]
    const merged = [...snapshots[0].cells[name]]
    for (const { cells: more } of snapshots.slice(1)) {
      for (const [at, value] of more[name].entries()) {
        merged[at] = mergeCell(merge, merged[at] ?? null, value)
      }
    }
    cells[name] = merged
  }
  return {
    build: snapshots[0].build,
    cells: cells as MetricsSnapshot['cells'],
    keysUsedAtS: mergeUses(snapshots.map((one) => one.keysUsedAtS)),
  }
}

function mergeUses(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const merged = new Map<string, number>()
  for (const uses of all) {
    for (const [kid, atS] of Object.entries(uses)) {
      merged.set(kid, Math.max(atS, merged.get(kid) ?? 0))
    }
  }
  return Object.fromEntries(merged)
}

function mergeCell(
  merge: MetricRow['merge'],
  one: number | null,
  two: number | null,
): number | null {
  if (one === null || two === null) return one ?? two
  if (merge === 'sum') return one + two
  return merge === 'min' ? Math.min(one, two) : Math.max(one, two)
}

/**
 * What remains of a worker that is gone: its counts, not its gauges. Merge it with the living, or
 * sums would fall at each death and Prometheus would take the fall for a restart.
 */
export function retireSnapshot(snapshot: MetricsSnapshot): MetricsSnapshot {
  const cells: Partial<Record<MetricName, (number | null)[]>> = {}
  for (const name of METRIC_NAMES) {
    const isGauge = METRICS[name].type === 'gauge'
    cells[name] = snapshot.cells[name].map((value) => (isGauge ? null : value))
  }
  const { build, keysUsedAtS } = snapshot
  return { build, cells: cells as MetricsSnapshot['cells'], keysUsedAtS }
}
