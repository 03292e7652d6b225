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

const ROUNDS = 41
/** Shorter than a time slice of the system, so that most rounds are whole ones. */
const ROUND_NS = 1_000_000
const WARM_UP_NS = 250_000_000

/** Nanoseconds of one call, over `calls` of them. */
function timeCalls(call: () => unknown, calls: number): number {
  const startedNs = process.hrtime.bigint()
  for (let done = 0; done < calls; done++) call()
  return Number(process.hrtime.bigint() - startedNs) / calls
}

/** Calls until the compiler has done its best; how many fill a round. */
function warmUp(call: () => unknown): number {
  let callNs = timeCalls(call, 1)
  let spentNs = callNs
  while (spentNs < WARM_UP_NS) {
    const calls = Math.max(1, Math.round(20_000_000 / callNs))
    callNs = timeCalls(call, calls)
    spentNs += callNs * calls
  }
  return Math.max(1, Math.round(ROUND_NS / callNs))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** Runs both in turn, round after round: a busy machine slows both, and the ratio stays. */
export function compare(comparison: Comparison): Row {
  const { name, must, aim, ours, theirs, oursCount = 1, theirsCount = 1 } = comparison
  const oursCalls = warmUp(ours)
  const theirsCalls = warmUp(theirs)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const oursNs = timeCalls(ours, oursCalls) / oursCount
    const theirsNs = timeCalls(theirs, theirsCalls) / theirsCount
    return { oursNs, theirsNs, ratio: theirsNs / oursNs }
  })
  const ratios = rounds.map((round) => round.ratio)
  const ratio = median(ratios)
  return {
    name,
    ratio,
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    oursNs: median(rounds.map((round) => round.oursNs)),
    theirsNs: median(rounds.map((round) => round.theirsNs)),
    must: ratio >= must,
    aim: ratio >= aim,
  }
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
