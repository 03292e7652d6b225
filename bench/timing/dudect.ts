import { randomInt } from 'node:crypto'
import { TIMING_T_MAX } from '../budget.ts'
import { percentile, welchT } from '../statistics.ts'

/** A function that handles a secret, called with one of two classes of it. */
export interface Subject {
  readonly name: string
  readonly samples: number
  /**
   * Makes fresh inputs and returns what calls the function once. `klass` is 0 or 1; `turn` counts
   * samples, for the inputs of a class lie in as many places as those of the other.
   */
  readonly prepare: () => (klass: 0 | 1, turn: number) => unknown
}

export interface Verdict {
  readonly name: string
  /** The largest |t| over the crops, of the last attempt. */
  readonly t: number
  readonly passes: boolean
  readonly samples: number
  /** The |t| of every attempt, in order: more than one where the first was above the bound. */
  readonly attempts: readonly number[]
}

/** Interruptions make long times; what is left of a difference must show below these too. */
const CROPS = [0.5, 0.75, 0.9, 0.97] as const
const WARM_UP_SHARE = 0.1
/** A true difference grows with the square root of the samples: twice as large with four times. */
const REPEAT_FACTOR = 4
const ATTEMPTS_MAX = 3

/** Times of either class in nanoseconds. */
export type Times = readonly [number[], number[]]

/** The largest |t| over the crops, all measured times among them. */
export function largestT(times: Times): number {
  const [fixed, random] = times
  const all = [...fixed, ...random]
  const bounds = [...CROPS.map((share) => percentile(all, share)), Number.POSITIVE_INFINITY]
  const found = bounds.map((bound) => {
    const below = (side: readonly number[]) => side.filter((time) => time <= bound)
    return Math.abs(welchT(below(fixed), below(random)))
  })
  // A crop that leaves nothing of a side, or no spread to judge by, is no evidence of sameness.
  return Math.max(...found.map((t) => (Number.isNaN(t) ? Number.POSITIVE_INFINITY : t)))
}

/** The largest |t| of one attempt with fresh inputs. */
export function measureT(subject: Subject, samples = subject.samples): number {
  return largestT(collect(subject, samples))
}

function collect(subject: Subject, samples: number): Times {
  const call = subject.prepare()
  const classes = Uint8Array.from({ length: samples }, () => randomInt(2))
  const warmUp = Math.ceil(samples * WARM_UP_SHARE)
  for (let turn = 0; turn < warmUp; turn++) call(classes[turn] as 0 | 1, turn)
  const times: Times = [[], []]
  for (let turn = 0; turn < samples; turn++) {
    const klass = classes[turn] as 0 | 1
    const startedMs = performance.now()
    call(klass, turn)
    times[klass].push((performance.now() - startedMs) * 1e6)
  }
  return times
}

/**
 * Measures until one attempt is below the bound, each with four times the samples of the last:
 * noise shrinks beside the larger number, a leak stands out more. Fails when none was.
 */
export function judge(
  subject: Subject,
  onAttempt: (attempt: { t: number; samples: number }) => void = () => {},
): Verdict {
  const { name } = subject
  const attempts: number[] = []
  let { samples } = subject
  for (;;) {
    const t = measureT(subject, samples)
    attempts.push(t)
    onAttempt({ t, samples })
    const passes = t < TIMING_T_MAX
    if (passes || attempts.length === ATTEMPTS_MAX) return { name, t, passes, samples, attempts }
    samples *= REPEAT_FACTOR
  }
}
