import { median } from '../statistics.ts'

/** One comparison: two ways to the same answer, run in turn in the same process. */
export interface Comparison {
  readonly name: string
  /** The least ratio that is promised, and the one hoped for. */
  readonly must: number
  readonly aim: number
  /** One call; `oursCount` and `theirsCount` say how many answers it gives. */
  readonly ours: () => unknown
  readonly theirs: () => unknown
  readonly oursCount?: number
  readonly theirsCount?: number
}

/**
 * How many times as many answers a second ours gives: the median of the rounds, and their
 * extremes.
 */
export interface Row {
  readonly name: string
  readonly ratio: number
  readonly min: number
  readonly max: number
  readonly oursNs: number
  readonly theirsNs: number
  readonly must: boolean
  readonly aim: boolean
}

/** How this run measures. */
export interface Measuring {
  rounds: number
  /** Long for a clock of microseconds, short enough that both halves meet the same neighbours. */
  roundNs: number
  warmUpNs: number
  /** Called with each row as it is done. */
  onRow: (row: Row) => void
}

const measuring: Measuring = {
  rounds: 41,
  // Shorter than a time slice of the system, so that most rounds are whole ones.
  roundNs: 1_000_000,
  warmUpNs: 250_000_000,
  onRow: () => {},
}

/** Changes how every comparison from here on is measured: once, by whoever starts them. */
export function adjustMeasuring(changes: Partial<Measuring>): void {
  Object.assign(measuring, changes)
}

/** The least that the clock can tell. */
const CLOCK_NS = 1000

/**
 * Nanoseconds that this process has had a processor, so that what others do on a busy machine
 * counts for neither side.
 */
function spentNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Nanoseconds of one call, over `calls` of them. */
function timeCalls(call: () => unknown, calls: number): number {
  const startedNs = spentNs()
  for (let done = 0; done < calls; done++) call()
  return Math.max(CLOCK_NS, spentNs() - startedNs) / calls
}

/** As timeCalls, each call awaited before the next: what a caller alone would see. */
async function timeAwaited(call: () => Promise<unknown>, calls: number): Promise<number> {
  const startedNs = spentNs()
  for (let done = 0; done < calls; done++) await call()
  return Math.max(CLOCK_NS, spentNs() - startedNs) / calls
}

/** Calls until the compiler has done its best; how many fill a round. */
function warmUp(call: () => unknown): number {
  let callNs = timeCalls(call, 1)
  for (let warmNs = callNs; warmNs < measuring.warmUpNs; ) {
    const calls = Math.max(1, Math.round(20_000_000 / callNs))
    callNs = timeCalls(call, calls)
    warmNs += callNs * calls
  }
  return Math.max(1, Math.round(measuring.roundNs / callNs))
}

interface Round {
  readonly oursNs: number
  readonly theirsNs: number
}

/** Runs both in turn, round after round: a busy machine slows both, and the ratio stays. */
export function compare(comparison: Comparison): Row {
  const { ours, theirs, oursCount = 1, theirsCount = 1 } = comparison
  const oursCalls = warmUp(ours)
  const theirsCalls = warmUp(theirs)
  const rounds = Array.from({ length: measuring.rounds }, () => ({
    oursNs: timeCalls(ours, oursCalls) / oursCount,
    theirsNs: timeCalls(theirs, theirsCalls) / theirsCount,
  }))
  return rowOf(comparison, rounds)
}

/** As `compare`, where theirs answers with a promise. */
export async function compareAwaited(
  comparison: Omit<Comparison, 'theirs' | 'theirsCount'> & { theirs: () => Promise<unknown> },
): Promise<Row> {
  const { ours, theirs, oursCount = 1 } = comparison
  const oursCalls = warmUp(ours)
  let theirsNs = await timeAwaited(theirs, 1)
  for (let warmNs = theirsNs; warmNs < measuring.warmUpNs; ) {
    const calls = Math.max(1, Math.round(20_000_000 / theirsNs))
    theirsNs = await timeAwaited(theirs, calls)
    warmNs += theirsNs * calls
  }
  const theirsCalls = Math.max(1, Math.round(measuring.roundNs / theirsNs))
  const rounds: Round[] = []
  for (let round = 0; round < measuring.rounds; round++) {
    const oursNs = timeCalls(ours, oursCalls) / oursCount
    rounds.push({ oursNs, theirsNs: await timeAwaited(theirs, theirsCalls) })
  }
  return rowOf(comparison, rounds)
}

function rowOf(
  { name, must, aim }: Pick<Comparison, 'name' | 'must' | 'aim'>,
  rounds: readonly Round[],
): Row {
  const ratios = rounds.map((round) => round.theirsNs / round.oursNs)
  const ratio = median(ratios)
  const row = {
    name,
    ratio,
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    oursNs: median(rounds.map((round) => round.oursNs)),
    theirsNs: median(rounds.map((round) => round.theirsNs)),
    must: ratio >= must,
    aim: ratio >= aim,
  }
  measuring.onRow(row)
  return row
}

/** A row as a line to read. */
export function describe(row: Row): string {
  const { name, ratio, min, max, oursNs, theirsNs } = row
  const verdict = row.aim ? 'aim' : row.must ? 'must' : 'missed'
  return [
    name.padEnd(58),
    `${ratio.toFixed(2)}×`.padStart(7),
    `(${min.toFixed(2)} to ${max.toFixed(2)})`.padEnd(18),
    `${Math.round(oursNs)} ns against ${Math.round(theirsNs)} ns`.padEnd(30),
    verdict,
  ].join(' ')
}
