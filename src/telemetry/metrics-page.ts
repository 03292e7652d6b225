import {
  BUILD_INFO,
  bucketsOf,
  KEY_LAST_USED,
  METRIC_NAMES,
  METRICS,
  type MetricRow,
} from './metric-table.ts'

/** More values than this are counted rather than listed. */
const LISTED_MAX = 7

/** docs/metrics.md. */
export function renderMetricsPage(): string {
  const lines = [
    '# Metrics',
    '',
    '<!-- Generated from src/telemetry/metric-table.ts: npm run docs -->',
    '',
    'The ops listener answers `/metrics` in Prometheus’ text format. Every label has a closed set',
    'of values: no path, address, user or API key ever becomes one. With several workers the',
    'numbers of all are merged as the table says; a worker that died keeps counting in the sums.',
    '',
    '| Metric | Type | Unit | Labels | Workers | Meaning |',
    '|---|---|---|---|---|---|',
    printRow([
      `\`${BUILD_INFO.name}\``,
      'gauge',
      'one',
      BUILD_INFO.labels.join(', '),
      'first',
      BUILD_INFO.help,
    ]),
  ]
  for (const name of METRIC_NAMES) {
    const row: MetricRow = METRICS[name]
    const labels = printLabels(name, row)
    lines.push(
      `| \`${name}\` | ${row.type} | ${row.unit} | ${labels} | ${row.merge} | ${row.help} |`,
    )
  }
  lines.push(
    printRow([
      `\`${KEY_LAST_USED.name}\``,
      'gauge',
      'seconds',
      `${KEY_LAST_USED.labels.join(', ')} (those of the keyring)`,
      'max',
      KEY_LAST_USED.help,
    ]),
  )
  lines.push('')
  for (const name of METRIC_NAMES) {
    const row: MetricRow = METRICS[name]
    if (row.type !== 'histogram') continue
    const bucketsMs = bucketsOf(row).map((us) => us / 1000)
    lines.push(`The buckets of \`${name}\` end at ${bucketsMs.join(', ')} ms.`)
  }
  lines.push(
    '',
    'Beside these stand the usual `process_…` and `nodejs_…` metrics of the process that answers:',
    'the process itself, or with several workers their supervisor.',
  )
  return `${lines.join('\n')}\n`
}

function printRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function printLabels(name: string, row: MetricRow): string {
  const parts = Object.entries(row.labels).map(([label, values]) =>
    values.length > LISTED_MAX
      ? `${label} (${values.length} values)`
      : `${label}: ${values.map((value) => `\`${value}\``).join(' ')}`,
  )
  // Follows from the reason, and is there because it is what most queries ask.
  if (name === 'dvara_decisions_total') parts.splice(1, 0, 'result: `allow` `deny`')
  return parts.join('; ')
}
