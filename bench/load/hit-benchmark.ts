import type { Result, Task } from '../run.ts'
import { measureAllocated } from './allocated.ts'
import { type Figures, round, writePart } from './figures.ts'
import { openHit, openPaths, type Ring } from './hit.ts'
import {
  costOf,
  describe,
  type Measurement,
  measureInTurn,
  ratioOf,
  type Spread,
  spreadOf,
} from './measure.ts'
import { type Mixed, measureMixed } from './mixed.ts'
import { stopRemaining } from './place.ts'
import { plotCosts } from './plot.ts'
import { costTable, settingLines, writePlot } from './table.ts'
import { openWorld, type World } from './world.ts'

/** Enough for a median that one disturbed round does not move. */
export const ROUNDS = 5
/** Where the promise is near to what there is to find, and rounds differ by more. */
export const NEAR_ROUNDS = 9
const PLOT = 'docs/plots/hit.svg'
const ALLOCATIONS = 3

/** What every way to an answer costs, against the engines alone. */
export async function benchHit(task: Task): Promise<Result> {
  const { seconds, setting } = task
  return inWorld(async (world) => {
    const ring = await openPaths(world)
    const measured = await measureRing(ring, task, ROUNDS)
    task.say('mixed traffic, with sessions that end …')
    const mixed = await measureMixed(world, seconds)
    task.say('bytes allocated for a hit …')
    const figures = { ...figuresOf(measured), ...(await allocatedFigure(world, seconds)) }
    const text = [
      settingLines(setting, { rounds: ROUNDS, seconds }),
      `![CPU time per request, way by way](${PLOT})`,
      costTable(measured),
      `An allow has a head of ${ring.answer.headBytes} bytes.`,
      mixedText(mixed),
    ].join('\n\n')
    return {
      report: { ...setting, rounds: ROUNDS, seconds, rows: measured, mixed, figures },
      lines: measured.map(describe),
      document() {
        writePart('hit', text, figures)
        writePlot(PLOT, plotCosts('CPU time of the server per request', measured))
      },
      passes: true,
    }
  })
}

export async function inWorld<T>(work: (world: World) => Promise<T>): Promise<T> {
  const world = await openWorld()
  try {
    return await work(world)
  } finally {
    await stopRemaining()
    await world.stop()
  }
}

async function measureRing(ring: Ring, task: Task, rounds: number): Promise<Measurement[]> {
  try {
    return await measureInTurn(ring.contenders, { ...task, rounds })
  } finally {
    await ring.stop()
  }
}

/** The figures that need no more than a hit, for the budget. */
export async function measureHitFigures(task: Task): Promise<Figures> {
  return inWorld(async (world) => {
    const measured = await measureRing(await openHit(world), task, ROUNDS)
    return { ...figuresOf(measured), ...(await allocatedFigure(world, task.seconds)) }
  })
}

async function allocatedFigure(world: World, seconds: number): Promise<Figures> {
  const values: number[] = []
  for (let count = 0; count < ALLOCATIONS; count++) {
    values.push(await measureAllocated(world, seconds))
  }
  return { 'allocated bytes': spreadOf(values) }
}

function figuresOf(measured: readonly Measurement[]): Figures {
  const find = (name: RegExp) => measured.find((one) => name.test(one.name))
  const [engine, node, hit] = measured as [Measurement, Measurement, Measurement]
  const rateAgainstHit = (name: RegExp): Spread | undefined => {
    const found = find(name)
    // What a core can answer: the load generator may not keep it busy.
    return found && ratioOf(hit, found, ({ cpuUs }) => cpuUs)
  }
  const key = rateAgainstHit(/version 2, HMAC/)
  const fresh = rateAgainstHit(/fresh EdDSA/)
  return {
    'engine ratio': ratioOf(hit, engine, costOf),
    'node ratio': ratioOf(hit, node, ({ cpuUs }) => cpuUs),
    ...(key === undefined ? {} : { 'key ratio': key }),
    ...(fresh === undefined ? {} : { 'fresh ratio': fresh }),
  }
}

function mixedText(mixed: Mixed): string {
  const percent = (share: number) => `${round(share * 100)} %`
  return (
    'Mixed: 10,000 sessions drawn by Zipf’s law, 5,000 of them remembered at most, while ' +
    `${round(mixed.logoutsPerSecond)} sessions end each second: ${round(mixed.cpuUs)} µs CPU per ` +
    `request, ${round(mixed.perSecond)} a second, p50 ${round(mixed.p50Us)} µs, ` +
    `p99 ${round(mixed.p99Us)} µs; ${percent(mixed.hitShare)} from memory, ` +
    `${percent(mixed.refusedShare)} refused because their session had ended.`
  )
}
