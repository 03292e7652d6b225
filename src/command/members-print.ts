import { ACK_PATHS } from '../telemetry/metrics-of-revocation.ts'
import type { AckRow, MembersReport } from './members-report.ts'

type Cell = string | number | null

/** A report for a terminal. */
export function renderMembers(report: MembersReport): string {
  const { list, listeners, acknowledged, amiss } = report
  const parts: string[] = []
  if (list !== null) {
    const rows = list.members.map(({ worker, since, beatAgeMs, appliedSeq, behind }) => [
      ...[worker, since, beatAgeMs === null ? null : `${beatAgeMs} ms ago`],
      behind === 0 ? appliedSeq : `${appliedSeq}, ${behind} behind`,
    ])
    parts.push(
      `Epoch ${list.epoch}, head of the log ${list.headSeq}`,
      table(['MEMBER', 'LISTED SINCE', 'HEARTBEAT', 'APPLIED'], rows),
    )
  }
  const authorizers = listeners.filter((one) => one.process === 'authorizer')
  if (authorizers.length > 0) {
    const head = ['AUTHORIZER', 'WORKERS', 'LEASE', 'APPLIED', 'HEAD', 'GAPS', 'FILLS REFUSED']
    parts.push(
      table(
        [...head, 'EPOCHS'],
        authorizers.map((one) => [
          ...[one.address, one.workers, `${one.leaseRemainingMs} ms`, one.appliedSeq, one.headSeq],
          ...[one.gaps, one.fillsRefused, one.epochChanges],
        ]),
      ),
    )
  }
  const identities = listeners.filter((one) => one.process === 'identity')
  if (identities.length > 0) {
    const rows = identities.map(({ address, members, pruned, epochChanges, notInForce }) => [
      ...[address, members, pruned, epochChanges, notInForce],
    ])
    parts.push(
      table(['IDENTITY API', 'MEMBERS', 'TAKEN OFF', 'EPOCHS', 'NOT IN FORCE IN TIME'], rows),
      ...ACK_PATHS.map((path) => renderAcks(path, acknowledged[path])),
    )
  }
  if (amiss.length > 0) parts.push(['Amiss:', ...amiss.map((each) => `  ${each}`)].join('\n'))
  return `${parts.map(printable).join('\n\n')}\n`
}

/** How many fell into each bucket that is not empty. */
function renderAcks(path: string, { count, buckets, p50Ms, p99Ms }: AckRow): string {
  if (count === 0) return `Acknowledged ${path}: none`
  const within = (ms: number | null) => (ms === null ? 'beyond' : `≤ ${ms} ms`)
  const lines = [`Acknowledged ${path}: ${count}, p50 ${within(p50Ms)}, p99 ${within(p99Ms)}`]
  let below = 0
  for (const { leMs, count: upTo } of [...buckets, { leMs: Infinity, count }]) {
    const own = upTo - below
    below = upTo
    if (own === 0) continue
    const bar = '#'.repeat(Math.ceil((BAR_COLUMNS * own) / count))
    const bound = leMs === Infinity ? 'longer' : `≤ ${leMs} ms`
    lines.push(`  ${bound.padStart(10)}  ${String(own).padStart(8)}  ${bar}`)
  }
  return lines.join('\n')
}

const BAR_COLUMNS = 40

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = [head, ...rows.map((row) => row.map((cell) => (cell === null ? '–' : `${cell}`)))]
  const widths = head.map((_, at) => Math.max(...text.map((row) => row[at]?.length ?? 0)))
  return text
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names of members come from Redis: nothing of it may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) as number).toString(16)}}`
  })
}
