import { median } from '../statistics.ts'
import { askOnce } from './answer.ts'
import { canCountInstructions, countInstructions, readCpu } from './cpu.ts'
import { type Driven, drive } from './drive.ts'
import type { Workload } from './workload.ts'

/** `token`: allowed, with a bearer token; `yes`: allowed, whatever else; `no`: refused. */
export type Expected = 'token' | 'yes' | 'no'

/** One server under one kind of traffic. */
export interface Contender {
  readonly name: string
  readonly port: number
  /** Whose CPU counts. */
  pids(): readonly number[]
  /** Made anew for each drive of so many seconds: signatures age. */
  workload(seconds: number): Workload
  /** Where requests for more would have to be made beforehand. */
  readonly secondsMax?: number
  readonly connections?: number
  /** What each answer must be; the first is looked at as a whole, the others by their status. */
  readonly expects: Expected
  /** What is said of it in the tables. */
  readonly about?: Readonly<Record<string, string>>
}

/** One round of one contender. */
export interface Sample {
  readonly cpuUs: number
  readonly userUs: number
  readonly kernelUs: number
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
  /** User space and kernel, where the machine counts them. */
  readonly instructions: number | undefined
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Measurement {
  readonly name: string
  readonly about: Readonly<Record<string, string>>
  /** Of an answer, on the wire. */
  readonly headBytes: number
  readonly samples: readonly Sample[]
}

export interface Rounds {
  readonly rounds: number
  readonly seconds: number
  readonly say: (line: string) => void
}

/** As many as a gateway keeps open. */
export const CONNECTIONS = 64
/** Enough for the engine to have compiled what is measured, and for tokens to be signed. */
const WARM_REQUESTS = 20_000
/** What answers a few thousand times a second is compiled by then too. */
const WARM_SECONDS_MAX = 4
/** Of all answers; beyond it something else was measured than meant. */
const WRONG_SHARE_MAX = 0.001

const countsInstructions = canCountInstructions()
export const instructionsAbout = countsInstructions
  ? 'instructions counted by perf'
  : 'this machine counts no instructions for perf: CPU time alone'

/** All contenders in turn, round after round, so that a neighbour disturbs all alike. */
export async function measureInTurn(
  contenders: readonly Contender[],
  { rounds, seconds, say }: Rounds,
): Promise<Measurement[]> {
  const headsBytes: number[] = []
  say(`${contenders.length} servers, ${rounds} rounds of ${seconds} s each; warming …`)
  for (const contender of contenders) {
    headsBytes.push(await proveAnswer(contender))
    await warm(contender)
  }
  const samples = contenders.map((): Sample[] => [])
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`)
    for (const [place, contender] of contenders.entries()) {
      samples[place]?.push(await sampleOnce(contender, seconds))
    }
  }
  return contenders.map(({ name, about = {} }, place) => {
    const headBytes = headsBytes[place] ?? Number.NaN
    const measured = { name, about, headBytes, samples: samples[place] ?? [] }
    say(describe(measured))
    return measured
  })
}

/** Asks once and looks at the whole answer; resolves with the length of its head. */
export async function proveAnswer({ name, port, workload, expects }: Contender): Promise<number> {
  const { status, headers, headBytes } = await askOnce(port, workload(1))
  const isYes = status.startsWith('2')
  const hasToken = headers.some(
    ([header, value]) => header.toLowerCase() === 'authorization' && value.startsWith('Bearer '),
  )
  const isRight = expects === 'no' ? !isYes : isYes && (expects === 'yes' || hasToken)
  if (isRight) return headBytes
  const told = headers.map((pair) => pair.join(': ')).join('\n')
  throw new Error(`${name}: expected ${expects}, and the answer was ${status}\n${told}`)
}

export async function warm(contender: Contender, requests = WARM_REQUESTS): Promise<void> {
  let count = 0
  for (let second = 0; second < WARM_SECONDS_MAX && count < requests; second++) {
    count += (await driveRight(contender, 1)).requests
  }
}

export async function sampleOnce(contender: Contender, secondsAsked: number): Promise<Sample> {
  const seconds = Math.min(secondsAsked, contender.secondsMax ?? secondsAsked)
  const before = readCpu(contender.pids())
  const counting = countsInstructions
    ? countInstructions(contender.pids(), seconds)
    : Promise.resolve(undefined)
  const driven = await driveRight(contender, seconds)
  const after = readCpu(contender.pids())
  const counted = await counting
  const userUs = ((after.userMs - before.userMs) * 1000) / driven.requests
  const kernelUs = ((after.kernelMs - before.kernelMs) * 1000) / driven.requests
  return {
    ...{ userUs, kernelUs, cpuUs: ((after.allMs - before.allMs) * 1000) / driven.requests },
    perSecond: (driven.requests * 1000) / driven.elapsedMs,
    p50Us: driven.p50Us,
    p99Us: driven.p99Us,
    instructions: counted && (counted.user + counted.kernel) / driven.requests,
  }
}

async function driveRight(contender: Contender, seconds: number): Promise<Driven> {
  const { name, port, connections = CONNECTIONS, expects } = contender
  const driven = await drive({ port, workload: contender.workload(seconds), seconds, connections })
  const wrong =
    driven.failed + (expects === 'no' ? driven.requests - driven.refused : driven.refused)
  if (driven.requests === 0 || wrong > driven.requests * WRONG_SHARE_MAX) {
    throw new Error(`${name}: ${wrong} of ${driven.requests} answers were not what they must be`)
  }
  return driven
}

/** Median and extremes of one number over the rounds. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export type Pick = (sample: Sample) => number

/** One contender's number over another's, round by round. */
export function ratioOf(one: Measurement, other: Measurement, pick: Pick): Spread {
  return spreadOf(
    one.samples.map((sample, round) => pick(sample) / pick(other.samples[round] as Sample)),
  )
}

/** What a request costs: instructions where they are counted, or else CPU time. */
export const costOf: Pick = ({ instructions, cpuUs }) => instructions ?? cpuUs

export function describe({ name, samples }: Measurement): string {
  const cpu = spreadOf(samples.map(({ cpuUs }) => cpuUs))
  const rate = spreadOf(samples.map(({ perSecond }) => perSecond))
  return (
    `${name}: ${cpu.median.toFixed(1)} µs CPU (${cpu.min.toFixed(1)}–${cpu.max.toFixed(1)}), ` +
    `${Math.round(rate.median).toLocaleString('en')}/s`
  )
}
