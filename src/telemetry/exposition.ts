import type { Registry } from 'prom-client'
import {
  BUILD_INFO,
  bucketsOf,
  cellsPerSeries,
  KEY_LAST_USED,
  listSeries,
  METRIC_NAMES,
  METRICS,
  type MetricName,
  type MetricRow,
} from './metric-table.ts'
import type { MetricsSnapshot } from './snapshot.ts'

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const US_PER_S = 1_000_000

// Gauges whose names end in _total, which promtool rightly refuses; and the lag of the event loop,
// which we measure ourselves and which is "Nan" in prom-client's spelling until it was sampled.
const LEFT_OUT = /^nodejs_(active_(resources|handles|requests)_total|eventloop_lag_.*)$/

export interface Exposition {
  /** Prometheus text (0.0.4) of a snapshot, and of the process that answers. */
  expose(snapshot: MetricsSnapshot): Promise<string>
  close(): void
}

/**
 * For whoever answers /metrics: a single process, or the supervisor of many. The first exposition
 * loads 90 modules; a process that must not pause asks for one before it is asked.
 */
export function createExposition(): Exposition {
  let opened: Promise<Registry> | undefined
  return {
    async expose(snapshot) {
      opened ??= openRegistry()
      const registry = await opened
      return `${renderSnapshot(snapshot)}${await registry.metrics()}`
    },
    close() {
      opened?.then((registry) => registry.clear()).catch(() => undefined)
    },
  }
}

async function openRegistry(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = (await import('prom-client')).default
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name)
  }
  return registry
}

/** The text of dvara's own metrics. A gauge that was never set is left out. */
export function renderSnapshot(snapshot: MetricsSnapshot): string {
  const { version, node, engine } = snapshot.build
  const lines = [
    `# HELP ${BUILD_INFO.name} ${BUILD_INFO.help}`,
    `# TYPE ${BUILD_INFO.name} gauge`,
    `${BUILD_INFO.name}${printLabels({ version, node, engine })} 1`,
  ]
  for (const name of METRIC_NAMES) {
    const series = renderMetric(name, snapshot.cells[name])
    if (series.length === 0) continue
    lines.push(`# HELP ${name} ${METRICS[name].help}`, `# TYPE ${name} ${METRICS[name].type}`)
    lines.push(...series)
  }
  lines.push(...renderKeyUses(snapshot.keysUsedAtS))
  return `${lines.join('\n')}\n`
}

function renderKeyUses(keysUsedAtS: MetricsSnapshot['keysUsedAtS']): string[] {
  const { name, help } = KEY_LAST_USED
  const uses = Object.entries(keysUsedAtS)
  if (uses.length === 0) return []
  const series = uses.map(([kid, atS]) => `${name}${printLabels({ kid })} ${atS}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...series]
}

function renderMetric(name: MetricName, cells: readonly (number | null)[]): string[] {
  const row: MetricRow = METRICS[name]
  if (name === 'dvara_decisions_total') return renderDecisions(row, cells)
  const width = cellsPerSeries(row)
  const lines: string[] = []
  for (const [at, labels] of listSeries(row).entries()) {
    const own = cells.slice(at * width, (at + 1) * width)
    if (row.type === 'histogram') lines.push(...renderHistogram(name, row, labels, own))
    else if (own[0] !== null) lines.push(`${name}${printLabels(labels)} ${own[0]}`)
  }
  return lines
}

function renderDecisions(row: MetricRow, cells: readonly (number | null)[]): string[] {
  const series = listSeries(row)
  const asked = new Set(series.filter((_, at) => cells[at] !== 0).map((labels) => labels.dialect))
  const lines: string[] = []
  for (const [at, labels] of series.entries()) {
    if (!asked.has(labels.dialect)) continue
    const { dialect = '', reason = '', credential = '' } = labels
    const result = reason === 'none' ? 'allow' : 'deny'
    const all = printLabels({ dialect, result, reason, credential })
    lines.push(`dvara_decisions_total${all} ${cells[at]}`)
  }
  return lines
}

function renderHistogram(
  name: string,
  row: MetricRow,
  labels: Record<string, string>,
  cells: readonly (number | null)[],
): string[] {
  let count = 0
  const boundsUs = bucketsOf(row)
  const lines = [...boundsUs.map((us) => String(us / US_PER_S)), '+Inf'].map((le, at) => {
    count += cells[at] ?? 0
    return `${name}_bucket${printLabels({ ...labels, le })} ${count}`
  })
  const sum = (cells[boundsUs.length + 1] ?? 0) / US_PER_S
  const printed = printLabels(labels)
  return [...lines, `${name}_sum${printed} ${sum}`, `${name}_count${printed} ${count}`]
}

function printLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
