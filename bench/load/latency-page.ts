import { tableOf } from '../document.ts'
import { median } from '../statistics.ts'
import { type Figures, round } from './figures.ts'
import { CONNECTIONS, type Spread, spreadOf } from './measure.ts'
import type { Looped } from './open-loop.ts'
import type { Pauses } from './pauses.ts'
import { places } from './place.ts'
import { printSpread } from './table.ts'

/** As many as several gateways keep open together. */
export const OVERLOAD_CONNECTIONS = 512

export interface Overload {
  /** Right before it: the machine may not be as fast as it was some rounds ago. */
  readonly capacity: number
  readonly quiet: Looped
  readonly busy: Looped
  /** From the end of the load until answers were as quick as before. */
  readonly recoveryS: number
}

export interface Overloads {
  readonly times: number
  readonly rounds: readonly Overload[]
}

/** One round below capacity. */
export interface Share extends Looped {
  /** Of the capacity, that was asked for. */
  readonly share: number
}

export interface Calm {
  readonly half: readonly Share[]
  readonly most: readonly Share[]
  /** What the generator reached before each round. */
  readonly reached: readonly number[]
}

interface Told {
  readonly capacity: number
  readonly pauses: readonly Pauses[]
  readonly calm: Calm
  readonly engine: Calm
  readonly loads: readonly Overloads[]
}

export function figuresOf(calm: Calm, loads: readonly Overloads[]): Figures {
  const worst = loads.at(-1)?.rounds ?? []
  const of = (pick: (one: Overload) => number): Spread => spreadOf(worst.map(pick))
  return {
    'p99.9 at half': spreadOf(calm.half.map(({ p999Ms }) => p999Ms)),
    'overload goodput': of(({ busy, capacity }) => rateOf(busy) / capacity),
    'overload p99': of(({ busy }) => busy.p99Ms),
    'overload recovery': of(({ recoveryS }) => recoveryS),
  }
}

/** Allowed answers a second. */
export function rateOf({ answered, refused, elapsedMs }: Looped): number {
  return ((answered - refused) * 1000) / elapsedMs
}

export function latencyText({ capacity, pauses, calm, engine, loads }: Told): string {
  const of = (runs: readonly Share[], pick: (run: Share) => number) =>
    printSpread(spreadOf(runs.map(pick)))
  const rowOf = (who: string, runs: readonly Share[]) => [
    `${who}, ${round(median(runs.map(({ share }) => share)) * 100)} % of capacity`,
    round(median(runs.map(rateOf))),
    of(runs, ({ p50Ms }) => p50Ms),
    of(runs, ({ p99Ms }) => p99Ms),
    of(runs, ({ p999Ms }) => p999Ms),
    of(runs, ({ maxMs }) => maxMs),
    of(runs, ({ awayMs }) => awayMs),
  ]
  const clockRows = pauses.map(({ p50Ms, p99Ms, p999Ms, maxMs }, at) => [
    `nobody: a loop that reads the clock on ${places[at]?.of}`,
    '',
    ...[p50Ms, p99Ms, p999Ms, maxMs].map(round),
    '',
  ])
  const below = tableOf(
    ['Asked', 'answered /s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'generator away ms'],
    [
      rowOf('session hit', calm.half),
      rowOf('bare uWebSockets.js', engine.half),
      rowOf('session hit', calm.most),
      rowOf('bare uWebSockets.js', engine.most),
      ...clockRows,
    ],
  )
  const above = tableOf(
    ['Asked', 'allowed /s', 'of capacity', 'p99 ms', 'turned away', 'quick again after s'],
    loads.map(({ times, rounds }) => {
      const spread = (pick: (one: Overload) => number) => printSpread(spreadOf(rounds.map(pick)))
      return [
        `${times}× capacity`,
        round(median(rounds.map(({ busy }) => rateOf(busy)))),
        `${spread(({ busy, capacity: before }) => (rateOf(busy) / before) * 100)} %`,
        spread(({ busy }) => busy.p99Ms),
        `${spread(({ busy }) => (busy.dropped / Math.max(1, busy.due)) * 100)} %`,
        spread(({ recoveryS }) => recoveryS),
      ]
    }),
  )
  return [
    `Capacity: ${round(capacity)} session hits a second on one core, asked over ${CONNECTIONS} ` +
      'connections; measured anew before each round, and parts and times are of that, also where ' +
      'the engine is asked. Latencies count from when a request was due. The last column is the ' +
      'longest time for which the generator had no processor: who was due then is counted as ' +
      'late. More than the generator can ask in time is not asked for.',
    'Whatever the engine alone takes is the machine’s and the generator’s part. The loops run on ' +
      'both cores at once while nothing else is asked: how long one who comes at any moment ' +
      'would wait there until the machine itself has time for anything at all. A request passes ' +
      'both cores.',
    below,
    `Beyond capacity, over ${OVERLOAD_CONNECTIONS} connections; what finds none free is turned ` +
      'away at the gateway.',
    above,
  ].join('\n\n')
}
