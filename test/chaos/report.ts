import type { History } from './history.ts'
import { ackTimes, quantile, type Row } from './judge.ts'
import type { Tally } from './tally.ts'

const OUTCOME_WIDTH = 12
const NAME_WIDTH = 4

/** The rows as people read them. */
export function renderRows(rows: readonly Row[]): string {
  return rows
    .map(({ name, goal, outcome, measured }) => {
      const head = `${name.padEnd(NAME_WIDTH)} ${outcome.padEnd(OUTCOME_WIDTH)}`
      return `${head} ${goal}\n${' '.repeat(head.length)} ${measured}`
    })
    .join('\n')
}

/** What went wrong, if anything: enough to look for it. */
export function renderViolations(
  { leaseMs }: Pick<History, 'leaseMs'>,
  { violations, violationsCount, oldest }: Tally,
): string {
  const lines = violations.map(
    ({ worker, kind, afterAckMs, during }) =>
      `authorizer ${worker} accepted ${afterAckMs.toFixed(1)} ms after the acknowledged ${kind}` +
      (during === undefined ? ', with nothing wrong' : `; ${during}`),
  )
  const more = violationsCount - violations.length
  if (more > 0) lines.push(`and ${more} more`)
  if (oldest !== undefined && oldest.ageMs > leaseMs) {
    const { worker, kind, status, ageMs, during = 'nothing wrong' } = oldest
    lines.push(
      `authorizer ${worker} accepted ${ageMs.toFixed(1)} ms after the entry of a ${kind} that ` +
        `was answered ${status ?? 'by nobody'}; ${during}`,
    )
  }
  return lines.join('\n')
}

export interface RunFacts {
  readonly seed: string
  readonly minutes: number
  readonly workers: number
  readonly skipped: ReadonlyMap<string, string>
}

/** The last line: the same for machines. */
export function toJson(
  facts: RunFacts,
  { changes, strikes }: History,
  tally: Tally,
  rows: readonly Row[],
): string {
  const times = ackTimes(changes)
  const faults: Record<string, number> = {}
  for (const { fault } of strikes) faults[fault] = (faults[fault] ?? 0) + 1
  const round = (value: number) => Math.round(value * 10) / 10
  return JSON.stringify({
    ...{ seed: facts.seed, minutes: round(facts.minutes), workers: facts.workers },
    ...{ probes: tally.probes, checksAfterAck: tally.checksAfterAck },
    ...{ acceptsAfterAck: tally.violationsCount, cutOffAllows: tally.cutOffAllows },
    ...{ worstAgeMs: round(tally.worstAgeMs), acks: times.length },
    notAcked: changes.length - times.length,
    ackMs: {
      p50: round(quantile(times, 0.5)),
      p99: round(quantile(times, 0.99)),
      max: round(times.at(-1) ?? 0),
    },
    served: tally.keptChecks === 0 ? 0 : 1 - tally.keptRefused / tally.keptChecks,
    faults,
    skipped: Object.fromEntries(facts.skipped),
    rows: Object.fromEntries(rows.map(({ name, outcome }) => [name, outcome])),
  })
}
