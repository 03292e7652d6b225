import type { Change, History } from './history.ts'
import type { StrikeTally, Tally } from './tally.ts'

export type Outcome = 'pass' | 'fail' | 'partly' | 'not measured'

/** One goal, and what this run says of it. */
export interface Row {
  readonly name: string
  readonly goal: string
  readonly outcome: Outcome
  readonly measured: string
  /** A run in which it fails has failed; the others are about speed. */
  readonly isSafety: boolean
}

type Said = Pick<Row, 'outcome' | 'measured'>
type Judge = (history: History, tally: Tally) => Said

const PROBES_WANTED = 10_000_000
const ACK_WORKERS_WANTED = 16
const ENDED_WANTED = 100_000
const CALM_MS = 1_000
const ANSWER_MS_MAX = 150
const RECOVERY_MS_MAX = 1_000
const REFILL_MS_MAX = 3_000
/** A measured instant is as exact as a loaded machine lets it be. */
const AGE_SLACK = 1.025

const ms = (value: number) =>
  Number.isFinite(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : 'never'
const count = (value: number) => value.toLocaleString('en')
const unless = (isMeasured: boolean, why: string, said: () => Said): Said =>
  isMeasured ? said() : { outcome: 'not measured', measured: `because ${why}` }
const verdictOf = (isRight: boolean, isWhole = true): Outcome =>
  isRight ? (isWhole ? 'pass' : 'partly') : 'fail'

export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** How long acknowledgements took, shortest first. */
export function ackTimes(changes: readonly Change[]): number[] {
  const acked = changes.flatMap(({ ackMs, requestedMs }) =>
    ackMs === undefined ? [] : [ackMs - requestedMs],
  )
  return acked.sort((a, b) => a - b)
}

/** Those that nothing was wrong for, neither then nor just before. */
function calmChanges({ changes, strikes }: History): readonly Change[] {
  return changes.filter(({ requestedMs, ackMs = requestedMs }) =>
    strikes.every(({ fromMs, untilMs }) => ackMs < fromMs || requestedMs > untilMs + CALM_MS),
  )
}

function of(tally: Tally, names: readonly string[]): readonly StrikeTally[] {
  return tally.strikes.filter(({ strike }) => names.includes(strike.fault))
}

const acceptsAfterAck: Judge = (_, { violationsCount, checksAfterAck, probes }) =>
  unless(checksAfterAck > 0, 'nothing was acknowledged', () => ({
    outcome: verdictOf(violationsCount === 0, probes >= PROBES_WANTED),
    measured:
      `${count(violationsCount)} of ${count(checksAfterAck)} probes sent after an ` +
      `acknowledgement, ${count(probes)} in all`,
  }))

const calmAcks: Judge = (history) => {
  const times = ackTimes(calmChanges(history))
  return unless(times.length > 0, 'there was no calm', () => {
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
    return {
      outcome: verdictOf(p50 <= 5 && p99 <= 25, history.workersCount >= ACK_WORKERS_WANTED),
      measured:
        `p50 ${ms(p50)}, p99 ${ms(p99)} of ${count(times.length)} ` +
        `with ${history.workersCount} authorizers`,
    }
  })
}

/** A new sealing is waited for with the fence and twice the lease. */
const RESEALED = ['R4', 'R9', 'R10']

const struckAcks: Judge = (history) => {
  const { changes, strikes, leaseMs, fenceMs } = history
  const worst = { ordinary: 0, resealed: 0 }
  let counted = 0
  for (const { fault, fromMs, untilMs } of strikes) {
    const struck = changes.filter(
      ({ requestedMs, ackMs = 0 }) => ackMs >= fromMs && requestedMs <= untilMs + CALM_MS,
    )
    counted += struck.length
    const longestMs = ackTimes(struck).at(-1) ?? 0
    const kind = RESEALED.includes(fault) ? 'resealed' : 'ordinary'
    worst[kind] = Math.max(worst[kind], longestMs)
  }
  return unless(counted > 0, 'nothing was acknowledged under a fault', () => ({
    outcome: verdictOf(
      worst.ordinary <= leaseMs + 100 && worst.resealed <= fenceMs + 2 * leaseMs + 100,
    ),
    measured:
      `longest ${ms(worst.ordinary)}, ${ms(worst.resealed)} where Redis was replaced; ` +
      `${count(changes.filter(({ status }) => status !== 200).length)} refused as not in force`,
  }))
}

const staleness: Judge = (history, tally) =>
  unless(history.loggedMs.size > 0, 'the log was not seen', () => ({
    outcome: verdictOf(!isTooOld(history, tally)),
    measured:
      `oldest accepted fact ${ms(tally.worstAgeMs)}, lease ${ms(history.leaseMs)}` +
      (tally.worstReplacedAgeMs > 0
        ? `; ${ms(tally.worstReplacedAgeMs)} by a replaced primary, fence ${ms(history.fenceMs)}`
        : ''),
  }))

/** A primary that was replaced is believed for as long as it may go on writing, and a lease. */
function isTooOld({ leaseMs, fenceMs }: History, tally: Tally): boolean {
  const { worstAgeMs, worstReplacedAgeMs } = tally
  return worstAgeMs > AGE_SLACK * leaseMs || worstReplacedAgeMs > fenceMs + AGE_SLACK * leaseMs
}

const cutOff: Judge = (history, tally) => {
  const struck = tally.strikes.filter(({ strike }) => strike.isCutOff)
  return unless(tally.cutOffChecks > 0, 'no authorizer was cut off for longer than a lease', () => {
    const backMs = Math.max(
      ...struck.flatMap(({ strike, backAfterMs }) =>
        strike.workers.map((at) => backAfterMs[at] ?? Number.POSITIVE_INFINITY),
      ),
    )
    const kept = struck.map((one) => hitRateKept(history, one))
    const known = kept.filter((share) => share !== undefined)
    const worst = known.length === 0 ? undefined : Math.min(...known)
    const isQuick = backMs <= RECOVERY_MS_MAX && (worst ?? 1) >= 0.95
    return {
      outcome: tally.cutOffAllows > 0 ? 'fail' : verdictOf(isQuick, worst !== undefined),
      measured:
        `${count(tally.cutOffAllows)} allows in ${count(tally.cutOffChecks)} probes, ` +
        `serves again after ${ms(backMs)}` +
        (worst === undefined ? '' : `, with ${Math.round(100 * worst)} % of its hits`),
    }
  })
}

/** Hits per question in the second after it was healed, against those before it was struck. */
function hitRateKept({ hits }: History, { strike }: StrikeTally): number | undefined {
  const own = hits.filter(({ worker }) => strike.workers.includes(worker))
  const rate = (from: History['hits'][number] | undefined, to: typeof from) => {
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return undefined
    const asked = to.hits - from.hits + to.misses - from.misses
    return asked > 0 ? (to.hits - from.hits) / asked : undefined
  }
  const beforeAt = own.findLastIndex(({ atMs }) => atMs < strike.fromMs)
  const before = rate(own[Math.max(0, beforeAt - 2)], own[beforeAt])
  const healed = own.findIndex(({ atMs }) => atMs >= strike.untilMs)
  const after = healed < 0 ? undefined : rate(own[healed], own[healed + 1])
  return before === undefined || after === undefined ? undefined : after / before
}

const emptyRedis: Judge = (history, tally) => {
  const struck = of(tally, ['R4']).filter(({ strike }) => strike.about.includes('nothing'))
  return unless(struck.length > 0, 'Redis was not restarted empty', () => {
    const wrong = struck.reduce((sum, one) => sum + one.violations, 0)
    const backMs = Math.max(...struck.flatMap(({ backAfterMs }) => backAfterMs))
    const ended = history.endedBefore + history.changes.length
    return {
      outcome:
        wrong > 0
          ? 'fail'
          : verdictOf(backMs <= REFILL_MS_MAX, history.endedBefore >= ENDED_WANTED),
      measured: `${wrong} wrong allows, all back after ${ms(backMs)}, ${count(ended)} revocations`,
    }
  })
}

const withoutPostgres: Judge = (_, tally) => {
  const struck = of(tally, ['R12'])
  return unless(struck.length > 0, 'Postgres was left alone', () => {
    const refused = struck.reduce((sum, one) => sum + one.keptRefused, 0)
    const checks = struck.reduce((sum, one) => sum + one.keptChecks, 0)
    const longestMs = Math.max(...struck.map(({ strike }) => strike.untilMs - strike.fromMs))
    return {
      outcome: verdictOf(refused === 0, longestMs >= 30_000),
      measured: `${refused} of ${count(checks)} refused, longest outage ${ms(longestMs)}`,
    }
  })
}

const uncertain: Judge = (_, { unavailableMs, brokenCount, lostCount }) =>
  unless(unavailableMs.length > 0, 'nobody was ever in doubt', () => {
    const p999 = quantile(unavailableMs, 0.999)
    return {
      outcome: verdictOf(brokenCount === 0 && p999 <= ANSWER_MS_MAX),
      measured:
        `p99.9 ${ms(p999)} of ${count(unavailableMs.length)} answers 403, ` +
        `${brokenCount} of another kind, ${count(lostCount)} connections lost`,
    }
  })

const wallClock: Judge = (_, tally) => {
  const struck = of(tally, ['R13'])
  return unless(struck.length > 0, 'no wall clock was stepped', () => {
    const wrong = struck.reduce((sum, one) => sum + one.violations, 0)
    const checks = struck.reduce((sum, one) => sum + one.checks, 0)
    return {
      outcome: verdictOf(wrong === 0),
      measured: `${wrong} wrong allows in ${count(checks)} probes while a clock was off`,
    }
  })
}

const never =
  (why: string): Judge =>
  () => ({ outcome: 'not measured', measured: `because ${why}` })

const GOALS: readonly (readonly [string, string, Judge, 'safety' | 'speed'])[] = [
  ['G1', 'accepts after an acknowledgement: 0', acceptsAfterAck, 'safety'],
  ['G2', 'acknowledgement p50 ≤ 5 ms, p99 ≤ 25 ms when all is well', calmAcks, 'speed'],
  ['G3', 'acknowledgement under one fault ≤ L + 100 ms', struckAcks, 'speed'],
  ['G4', 'staleness without acknowledgement ≤ 1.025 L', staleness, 'safety'],
  ['G5', 'cut off: 0 allows after L, back ≤ 1 s with ≥ 95 % of its hits', cutOff, 'safety'],
  ['G6', 'Redis back empty: 0 wrong allows, back ≤ 3 s', emptyRedis, 'safety'],
  [
    ...(['G7', 'Redis away for 30 s with the direct stream: ≥ 99.9 % served'] as const),
    ...([never('this stand has no direct stream'), 'speed'] as const),
  ],
  ['G8', 'Postgres away for 30 s: 0 failed authorizations', withoutPostgres, 'speed'],
  [
    ...(['G9', 'kill -9 of one worker: failures ≤ what it had in flight'] as const),
    ...([never('here each has its own port; see test/process/workers.test.ts'), 'speed'] as const),
  ],
  [
    ...(['G10', 'rolling restarts behind nginx: 0 failed'] as const),
    ...([never('this stand has no gateway; see test/process/workers.test.ts'), 'speed'] as const),
  ],
  ['G20', 'answer in every uncertain state ≤ 150 ms, 403', uncertain, 'safety'],
  ['G23', 'wall clock off by minutes: 0 wrong allows', wallClock, 'safety'],
]

export function judge(history: History, tally: Tally): readonly Row[] {
  return GOALS.map(([name, goal, say, about]) => ({
    ...{ name, goal, isSafety: about === 'safety' },
    ...say(history, tally),
  }))
}

/** Whether a promise was broken. A row of safety may also miss a goal of speed: that is none. */
export function isUnsafe(history: History, tally: Tally): boolean {
  const { violationsCount, cutOffAllows, brokenCount } = tally
  return violationsCount > 0 || cutOffAllows > 0 || brokenCount > 0 || isTooOld(history, tally)
}
