import { tableOf } from '../document.ts'
import { median } from '../statistics.ts'
import { type Figures, round } from './figures.ts'
import { CONNECTIONS, type Spread, spreadOf } from './measure.ts'
import type { Looped } from './open-loop.ts'
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

/** Parts of the capacity that are asked for below it. */
export interface Shares {
  readonly half: number
  readonly most: number
}

export type Calm = Readonly<Record<'half' | 'most', readonly Looped[]>>

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

export function latencyText(
  capacity: number,
  { half, most }: Shares,
  { calm, engine }: Readonly<Record<'calm' | 'engine', Calm>>,
  loads: readonly Overloads[],
): string {
  const of = (runs: readonly Looped[], pick: (run: Looped) => number) =>
    printSpread(spreadOf(runs.map(pick)))
  const rowOf = (name: string, runs: readonly Looped[]) => [
    name,
    round(median(runs.map(rateOf))),
    of(runs, ({ p50Ms }) => p50Ms),
    of(runs, ({ p99Ms }) => p99Ms),
    of(runs, ({ p999Ms }) => p999Ms),
    of(runs, ({ maxMs }) => maxMs),
    of(runs, ({ awayMs }) => awayMs),
  ]
  const below = tableOf(
    ['Asked', 'answered /s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'generator away ms'],
    [
      rowOf(`session hit, ${round(half * 100)} % of capacity`, calm.half),
      rowOf('bare uWebSockets.js, as many', engine.half),
      rowOf(`session hit, ${round(most * 100)} % of capacity`, calm.most),
      rowOf('bare uWebSockets.js, as many', engine.most),
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
      'connections; measured anew before each round, and parts and times are of that. Latencies ' +
      'count from when a request was due; whatever the engine alone takes ' +
      'is the machine’s and the generator’s part of it. The last column is the longest time for ' +
      'which the generator had no processor: who was due then is counted as late. More than the ' +
      'generator can ask in time is not asked for.',
    below,
    `Beyond capacity, over ${OVERLOAD_CONNECTIONS} connections; what finds none free is turned ` +
      'away at the gateway.',
    above,
  ].join('\n\n')
}
