import { tableOf } from '../document.ts'
import type { Row } from '../micro/crypto-measure.ts'
import type { CryptoReport, GoalRow } from './report.ts'

const ratioOf = (ratio: number) => `${ratio.toFixed(2)}×`
const perSecond = (ns: number) => {
  const count = 1e9 / ns
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)} k` : count.toFixed(0)
}
const verdictOf = (row: GoalRow) => (row.aim ? 'aim' : row.must ? 'must' : 'missed')

/** The part of BENCHMARKS.md that the command writes. `plot` is where its picture lies. */
export function pageOf(report: CryptoReport, plot: string): string {
  return [
    settingOf(report),
    `![How many times as fast as the other way, row by row](${plot})`,
    '### What is promised',
    goalTable(report.rows),
    '### What else was compared',
    comparisonTable(report.comparisons),
    '### Start and memory',
    startOf(report),
    '### Where it is not faster',
    lossesOf(report),
  ].join('\n\n')
}

function settingOf(report: CryptoReport): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`)
  return [
    `- Machine: ${report.machine}; one core (${report.pinned}).`,
    `- Node ${report.node} with OpenSSL ${report.openssl}; openssl speed: ${report.opensslSpeed}.`,
    `- Packages: ${versions.join(', ')}.`,
    `- ${report.date.slice(0, 10)}, ${report.rounds} rounds of each comparison.`,
  ].join('\n')
}

function goalTable(rows: readonly GoalRow[]): string {
  return tableOf(
    ['Operation', 'Times', 'Min', 'Max', 'Ours /s', 'Theirs /s', 'Must', 'Aim', 'Reached'],
    rows.map((row) => [
      row.name,
      `**${ratioOf(row.ratio)}**`,
      row.min.toFixed(2),
      row.max.toFixed(2),
      perSecond(row.oursNs),
      perSecond(row.theirsNs),
      ratioOf(row.mustRatio),
      ratioOf(row.aimRatio),
      verdictOf(row),
    ]),
    [0, 8],
  )
}

function comparisonTable(rows: readonly Row[]): string {
  return tableOf(
    ['Comparison', 'Times', 'Min', 'Max', 'Ours /s', 'Theirs /s'],
    rows.map((row) => [
      row.name,
      ratioOf(row.ratio),
      row.min === row.max ? '' : row.min.toFixed(2),
      row.min === row.max ? '' : row.max.toFixed(2),
      perSecond(row.oursNs),
      perSecond(row.theirsNs),
    ]),
  )
}

function startOf({ coldStart, keyMemory }: CryptoReport): string {
  const { medianMs, minMs, maxMs, processorMs, mustMs, must, rounds } = coldStart
  const keys = keyMemory.map(({ name, bytes }) => `${name} ${bytes.toLocaleString('en')} bytes`)
  return [
    `- Cold start, in ${rounds} fresh processes: compiled, instantiated, the default curve’s ` +
      `tables built and proved against vectors and node:crypto in ${medianMs.toFixed(1)} ms ` +
      `(${minMs.toFixed(1)} to ${maxMs.toFixed(1)}), of which a processor was had for ` +
      `${processorMs.toFixed(1)} ms; at most ${mustMs} ms is promised: ` +
      `${must ? 'kept' : 'missed'}.`,
    `- Memory of one public key with its table: ${keys.join(', ')}.`,
  ].join('\n')
}

function lossesOf({ notFaster }: CryptoReport): string {
  if (notFaster.length === 0) return 'Nowhere in this run.'
  return notFaster.map(({ name, ratio, why }) => `- ${name}: ${ratioOf(ratio)}. ${why}`).join('\n')
}
