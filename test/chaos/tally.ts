import type { Change, History, Strike } from './history.ts'
import type { Probe, ProbeLog } from './probe-log.ts'

/** An allow that should not have been. */
export interface Violation {
  readonly worker: number
  readonly kind: Change['kind']
  /** How long after the acknowledgement the request was sent. */
  readonly afterAckMs: number
  /** What was wrong just then, if anything. */
  readonly during: string | undefined
}

/** The oldest fact that was accepted without acknowledgement of its end: enough to look for it. */
export interface Oldest {
  readonly worker: number
  readonly kind: Change['kind']
  /** What the change was answered with; undefined if with nothing. */
  readonly status: number | undefined
  readonly ageMs: number
  readonly during: string | undefined
}

/** What all probes together say, in one walk over them. */
export interface Tally {
  readonly probes: number
  /** Probes that were sent after an acknowledgement. */
  readonly checksAfterAck: number
  readonly violations: readonly Violation[]
  readonly violationsCount: number
  /** How long after its entry was seen in the log something was still accepted. */
  readonly worstAgeMs: number
  /** The same while a primary that had been replaced may still have been believed. */
  readonly worstReplacedAgeMs: number
  /** Whichever of the two is the older. */
  readonly oldest: Oldest | undefined
  /** Allows by an authorizer that had been cut off for longer than a lease. */
  readonly cutOffAllows: number
  readonly cutOffChecks: number
  /** Of credentials that were never taken away. */
  readonly keptChecks: number
  readonly keptRefused: number
  readonly brokenCount: number
  readonly lostCount: number
  /** Answers that said "cannot tell", in ms, less what the machine stole; sorted. */
  readonly unavailableMs: Float64Array
  readonly strikes: readonly StrikeTally[]
}

export interface StrikeTally {
  readonly strike: Strike
  readonly checks: number
  readonly keptChecks: number
  readonly keptRefused: number
  readonly violations: number
  /** First allow of each authorizer once it was made good, after so long; Infinity if none. */
  readonly backAfterMs: readonly number[]
}

const SHOWN_MAX = 20

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export function tally(history: History, log: ProbeLog): Tally {
  const changeOf = indexChanges(history.changes)
  const strikes = history.strikes.map((strike) => ({
    strike,
    ...{ checks: 0, keptChecks: 0, keptRefused: 0, violations: 0 },
    backAfterMs: Array.from({ length: history.workersCount }, () => Number.POSITIVE_INFINITY),
  }))
  const near = createNearby(strikes)
  const result = {
    ...{ checksAfterAck: 0, violationsCount: 0, cutOffAllows: 0, cutOffChecks: 0 },
    ...{ worstAgeMs: 0, worstReplacedAgeMs: 0 },
    ...{ keptChecks: 0, keptRefused: 0, brokenCount: 0, lostCount: 0 },
  }
  const violations: Violation[] = []
  let oldest: Oldest | undefined
  const unavailableMs: number[] = []
  const stolenMs = createStolen(history.stalls)

  function visitStruck(probe: Probe, isKept: boolean, isViolation: boolean): void {
    for (const one of near(probe)) {
      const { strike } = one
      const isDuring = probe.startMs >= strike.fromMs && probe.startMs < strike.untilMs
      if (isDuring) {
        one.checks += 1
        if (isKept) one.keptChecks += 1
        if (isKept && probe.verdict !== 'allow') one.keptRefused += 1
        if (isViolation) one.violations += 1
      }
      if (isDuring && strike.isCutOff && strike.workers.includes(probe.worker)) {
        // What was asked before it was healed may rightly be accepted after.
        const isAnswered = probe.endMs < strike.untilMs
        if (isAnswered && probe.startMs > strike.fromMs + history.leaseMs) {
          result.cutOffChecks += 1
          if (probe.verdict === 'allow') result.cutOffAllows += 1
        }
      }
      if (isKept && probe.verdict === 'allow' && probe.startMs >= strike.untilMs) {
        const backMs = probe.endMs - strike.untilMs
        const known = one.backAfterMs[probe.worker] ?? 0
        if (backMs < known) one.backAfterMs[probe.worker] = backMs
      }
    }
  }

  log.each((probe) => {
    const change = changeOf.get(probe.credential)
    const isAllowed = probe.verdict === 'allow'
    const isAfter = change?.ackMs !== undefined && probe.startMs > change.ackMs
    if (isAfter) result.checksAfterAck += 1
    const isViolation = isAfter && isAllowed
    if (isViolation && change?.ackMs !== undefined) {
      result.violationsCount += 1
      if (violations.length < SHOWN_MAX) {
        const during = near(probe).find((one) => probe.startMs >= one.strike.fromMs)?.strike.about
        const afterAckMs = probe.startMs - change.ackMs
        violations.push({ worker: probe.worker, kind: change.kind, afterAckMs, during })
      }
    }
    const loggedMs = isAllowed ? history.loggedMs.get(change?.entry ?? '') : undefined
    if (loggedMs !== undefined && change !== undefined) {
      const kind = near(probe).some(isReplaced) ? 'worstReplacedAgeMs' : 'worstAgeMs'
      const ageMs = probe.startMs - loggedMs
      result[kind] = Math.max(result[kind], ageMs)
      if (ageMs > (oldest?.ageMs ?? 0)) {
        const during = near(probe).at(-1)?.strike.about
        oldest = { worker: probe.worker, kind: change.kind, status: change.status, ageMs, during }
      }
    }
    const isKept = (history.kept.get(probe.credential) ?? Number.POSITIVE_INFINITY) <= probe.startMs
    if (isKept) result.keptChecks += 1
    if (isKept && !isAllowed) result.keptRefused += 1
    if (probe.verdict === 'broken') result.brokenCount += 1
    if (probe.verdict === 'lost') result.lostCount += 1
    if (probe.verdict === 'unavailable' && !wasStopped(near(probe), probe)) {
      const tookMs = probe.endMs - probe.startMs
      unavailableMs.push(Math.max(0, tookMs - stolenMs(probe.startMs, probe.endMs)))
    }
    visitStruck(probe, isKept, isViolation)
  })
  return {
    ...result,
    ...{ probes: log.count, violations, oldest, strikes },
    unavailableMs: Float64Array.from(unavailableMs).sort(),
  }
}

function isReplaced({ strike }: StrikeTally): boolean {
  return strike.fault === 'R9' || strike.fault === 'R10'
}

function indexChanges(changes: readonly Change[]): ReadonlyMap<number, Change> {
  return new Map(changes.flatMap((one) => one.credentials.map((id) => [id, one] as const)))
}

/** After a strike probes are still looked at for so long: until everybody must be back. */
const AFTERMATH_MS = 15_000

/** Strikes that a probe may be about. They do not overlap, but their aftermath may. */
function createNearby(strikes: readonly Writable<StrikeTally & { backAfterMs: number[] }>[]) {
  let from = 0
  return ({ startMs }: Probe) => {
    // Probes come in the order of their ends: none is older than those that were given up on.
    for (;;) {
      const first = strikes[from]
      if (first === undefined || startMs < first.strike.untilMs + 4 * AFTERMATH_MS) break
      from += 1
    }
    const found = []
    for (let at = from; at < strikes.length; at++) {
      const one = strikes[at]
      if (one === undefined || startMs < one.strike.fromMs) break
      if (startMs < one.strike.untilMs + AFTERMATH_MS) found.push(one)
    }
    return found
  }
}

function wasStopped(near: readonly StrikeTally[], probe: Probe): boolean {
  return near.some(
    ({ strike }) =>
      strike.isStopped &&
      strike.workers.includes(probe.worker) &&
      probe.startMs < strike.untilMs &&
      probe.endMs > strike.fromMs,
  )
}

/** How much of a span this process did not run for; asked in the order of ends. */
function createStolen(stalls: History['stalls']) {
  return (fromMs: number, toMs: number): number => {
    let low = 0
    let high = stalls.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((stalls[middle]?.atMs ?? 0) < fromMs) low = middle + 1
      else high = middle
    }
    let sumMs = 0
    for (let at = low; at < stalls.length; at++) {
      const { atMs, lateMs } = stalls[at] as { atMs: number; lateMs: number }
      if (atMs - lateMs > toMs) break
      sumMs += lateMs
    }
    return sumMs
  }
}
