import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder, removeFolder } from '../../test/process/servers.ts'
import { tableOf } from '../document.ts'
import type { Result, Task } from '../run.ts'
import { median } from '../statistics.ts'
import { askOnce } from './answer.ts'
import { runChild } from './child.ts'
import { type Figures, round, writePart } from './figures.ts'
import { asking, on } from './hit.ts'
import { inWorld } from './hit-benchmark.ts'
import {
  CONNECTIONS,
  type Contender,
  proveAnswer,
  type Spread,
  sampleOnce,
  spreadOf,
  warm,
} from './measure.ts'
import type { Looped, OpenLoop } from './open-loop.ts'
import { startFile } from './place.ts'
import { openSeeder } from './seed.ts'
import { printSpread, settingLines } from './table.ts'
import type { Workload } from './workload.ts'
import type { World } from './world.ts'

const SESSIONS = 1_000
const ROUNDS = 3
/** Fewer answers have no p99.9. */
const SECONDS_MIN = 2
/** As many as several gateways keep open together. */
const OVERLOAD_CONNECTIONS = 512
const OVERLOADS = [2, 5] as const
/** Of what the generator reaches: with more of it, it is late itself. */
const REACH_SHARE = 0.85
const QUIET_SECONDS = 1
const RECOVERY_SECONDS = 3
const WINDOW_S = 0.1
/** What passes for as quick as before. */
const RECOVERED = 3
const GRACE_MS = 30_000
/** It has one core: helpers that collect garbage beside it would only take its place there. */
const GENERATOR = ['--single-threaded-gc', '--max-semi-space-size=64']

interface Overload {
  readonly quiet: Looped
  readonly busy: Looped
  /** From the end of the load until answers were as quick as before. */
  readonly recoveryS: number
}

interface Overloads {
  readonly times: number
  readonly rounds: readonly Overload[]
}

/** How long answers take below capacity, and what is left of the service above it. */
export async function benchLatency(task: Task): Promise<Result> {
  const { setting, say } = task
  const seconds = Math.max(SECONDS_MIN, task.seconds)
  return inWorld(async (world) => {
    const [bare, hit] = await openBoth(world)
    const capacity = await measureCapacity(hit, seconds)
    const workload = hit.workload(seconds)
    const reach = await measureReach(bare.port, workload, capacity)
    say(`capacity ${round(capacity)} a second; the generator reaches ${round(reach)}`)
    const shares = sharesOf(capacity, reach)
    const asked = { workload, capacity, shares, seconds }
    const engine = await measureCalm({ ...asked, port: bare.port })
    const calm = await measureCalm({ ...asked, port: hit.port })
    say('beyond capacity …')
    const loads: Overloads[] = []
    for (const times of OVERLOADS) {
      const rounds: Overload[] = []
      for (let count = 0; count < ROUNDS; count++) {
        rounds.push(await overload({ ...asked, port: hit.port, times }))
      }
      loads.push({ times, rounds })
    }
    const figures = figuresOf(calm, loads, capacity)
    const told = latencyText(capacity, shares, { calm, engine }, loads)
    return {
      report: {
        ...setting,
        rounds: ROUNDS,
        seconds,
        capacity,
        reach,
        engine,
        calm,
        loads,
        figures,
      },
      lines: [told],
      document() {
        const text = [settingLines(setting, { rounds: ROUNDS, seconds }), told].join('\n\n')
        writePart('latency', text, figures)
      },
      passes: true,
    }
  })
}

/** The engine alone, and a session hit: what the machine itself delays, delays both. */
async function openBoth(world: World): Promise<readonly [Contender, Contender]> {
  const seeder = await openSeeder(world)
  const workload = asking(await seeder.sessions(SESSIONS))
  await seeder.close()
  const server = await world.startAuthorizer('authorizer', { DVARA_JWT_TTL_S: '3600' })
  const answer = await askOnce(server.port, workload)
  const file = new URL('bare-uws.js', import.meta.url)
  const engine = await startFile('bare', file, [JSON.stringify(answer)])
  const both = [on(engine, 'bare', workload), on(server, 'session hit', workload)] as const
  for (const contender of both) {
    await proveAnswer(contender)
    await warm(contender)
  }
  return both
}

/** Asked as fast as it answers. */
async function measureCapacity(contender: Contender, seconds: number): Promise<number> {
  const rates: number[] = []
  for (let count = 0; count < ROUNDS; count++) {
    rates.push((await sampleOnce(contender, seconds)).perSecond)
  }
  return median(rates)
}

/** Parts of the capacity that are asked for below it. */
interface Shares {
  readonly half: number
  readonly most: number
}

/** What the generator can ask and hear at most, over as many connections. */
async function measureReach(port: number, workload: Workload, capacity: number): Promise<number> {
  const [, busy] = await loop({
    ...{ port, workload, connections: CONNECTIONS, isDropping: false },
    phases: [
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity, seconds: QUIET_SECONDS },
    ],
  })
  return busy === undefined ? 0 : rateOf(busy)
}

/** No more than the generator is in time with: beyond it itself would be measured. */
function sharesOf(capacity: number, reach: number): Shares {
  const reached = (reach * REACH_SHARE) / capacity
  return { half: Math.min(0.5, reached), most: Math.min(0.8, reached) }
}

interface Asked {
  readonly port: number
  readonly workload: Workload
  readonly capacity: number
  readonly shares: Shares
  readonly seconds: number
}

type Calm = Readonly<Record<'half' | 'most', readonly Looped[]>>

async function measureCalm({ port, workload, capacity, shares, seconds }: Asked): Promise<Calm> {
  const half: Looped[] = []
  const most: Looped[] = []
  const shared = { port, workload, connections: CONNECTIONS, isDropping: false }
  for (let count = 0; count < ROUNDS; count++) {
    const [, atHalf, atMost] = await loop({
      ...shared,
      phases: [
        { perSecond: capacity / 4, seconds: QUIET_SECONDS },
        { perSecond: capacity * shares.half, seconds },
        { perSecond: capacity * shares.most, seconds },
      ],
    })
    if (atHalf !== undefined) half.push(allowed(atHalf))
    if (atMost !== undefined) most.push(allowed(atMost))
  }
  return { half, most }
}

/** Below capacity nobody may be refused, or go without an answer. */
function allowed(looped: Looped): Looped {
  const { due, answered, refused } = looped
  const wrong = due - answered + refused
  if (wrong <= due * 0.001) return looped
  throw new Error(`${wrong} of ${due} requests below capacity were not allowed`)
}

async function overload(asked: Asked & { readonly times: number }): Promise<Overload> {
  const { port, workload, capacity, seconds, times } = asked
  const [, quiet, busy, after] = await loop({
    ...{ port, workload, connections: OVERLOAD_CONNECTIONS, isDropping: true },
    phases: [
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity * times, seconds },
      { perSecond: capacity / 4, seconds: RECOVERY_SECONDS },
    ],
  })
  if (quiet === undefined || busy === undefined || after === undefined) throw new Error('no answer')
  return { quiet, busy, recoveryS: recoveryOf(quiet, busy, after, seconds) }
}

/** What was still under way when the load ended counts too. */
function recoveryOf(quiet: Looped, busy: Looped, after: Looped, seconds: number): number {
  const usualMs = Math.max(1, median(quiet.windowsP99Ms) * RECOVERED)
  const window = after.windowsP99Ms.findIndex((p99Ms) => p99Ms <= usualMs)
  const drainedS = Math.max(0, busy.elapsedMs / 1000 - seconds)
  return window === -1 ? Number.POSITIVE_INFINITY : drainedS + (window + 1) * WINDOW_S
}

/** In a process of its own, so that nothing but the load keeps it from being in time. */
async function loop(options: OpenLoop): Promise<readonly Looped[]> {
  const folder = await createFolder('loop')
  try {
    const file = join(folder, 'loop.json')
    await writeFile(file, JSON.stringify(options))
    const script = fileURLToPath(new URL('open-loop.js', import.meta.url))
    const seconds = options.phases.reduce((sum, phase) => sum + phase.seconds, 0)
    const args = [...GENERATOR, script, file]
    const withinMs = seconds * 1000 + GRACE_MS
    return JSON.parse(await runChild(process.execPath, args, { withinMs })) as readonly Looped[]
  } finally {
    await removeFolder(folder)
  }
}

function figuresOf(calm: Calm, loads: readonly Overloads[], capacity: number): Figures {
  const worst = loads.at(-1)?.rounds ?? []
  const of = (pick: (one: Overload) => number): Spread => spreadOf(worst.map(pick))
  return {
    'p99.9 at half': spreadOf(calm.half.map(({ p999Ms }) => p999Ms)),
    'overload goodput': of(({ busy }) => rateOf(busy) / capacity),
    'overload p99': of(({ busy }) => busy.p99Ms),
    'overload recovery': of(({ recoveryS }) => recoveryS),
  }
}

/** Allowed answers a second. */
function rateOf({ answered, refused, elapsedMs }: Looped): number {
  return ((answered - refused) * 1000) / elapsedMs
}

function latencyText(
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
        `${spread(({ busy }) => (rateOf(busy) / capacity) * 100)} %`,
        spread(({ busy }) => busy.p99Ms),
        `${spread(({ busy }) => (busy.dropped / Math.max(1, busy.due)) * 100)} %`,
        spread(({ recoveryS }) => recoveryS),
      ]
    }),
  )
  return [
    `Capacity: ${round(capacity)} session hits a second on one core, asked over ${CONNECTIONS} ` +
      'connections. Latencies count from when a request was due; whatever the engine alone takes ' +
      'is the machine’s and the generator’s part of it. The last column is the longest time for ' +
      'which the generator had no processor: who was due then is counted as late. More than the ' +
      'generator can ask in time is not asked for.',
    below,
    `Beyond capacity, over ${OVERLOAD_CONNECTIONS} connections; what finds none free is turned ` +
      'away at the gateway.',
    above,
  ].join('\n\n')
}
