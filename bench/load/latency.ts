import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder, removeFolder } from '../../test/process/servers.ts'
import { tableOf } from '../document.ts'
import type { Result, Task } from '../run.ts'
import { median } from '../statistics.ts'
import { runChild } from './child.ts'
import { type Figures, round, writePart } from './figures.ts'
import { asking, on } from './hit.ts'
import { inWorld } from './hit-benchmark.ts'
import { CONNECTIONS, type Spread, sampleOnce, spreadOf, warm } from './measure.ts'
import type { Looped, OpenLoop } from './open-loop.ts'
import { openSeeder } from './seed.ts'
import { settingLines } from './table.ts'
import type { Workload } from './workload.ts'

const SESSIONS = 1_000
const ROUNDS = 3
/** As many as several gateways keep open together. */
const OVERLOAD_CONNECTIONS = 512
const QUIET_SECONDS = 1
const WINDOW_S = 0.1
/** What passes for as quick as before. */
const RECOVERED = 3
const GRACE_MS = 30_000

interface Overload {
  readonly times: number
  readonly quiet: Looped
  readonly busy: Looped
  readonly recoveryS: number
}

/** How long answers take below capacity, and what is left of the service above it. */
export async function benchLatency(task: Task): Promise<Result> {
  const { seconds, setting, say } = task
  return inWorld(async (world) => {
    const seeder = await openSeeder(world)
    const workload = asking(await seeder.sessions(SESSIONS))
    await seeder.close()
    const settings = { DVARA_JWT_TTL_S: '600' }
    const server = await world.startAuthorizer('authorizer', settings)
    try {
      const contender = on(server, 'capacity', workload)
      await warm(contender)
      const rates: number[] = []
      for (let count = 0; count < ROUNDS; count++) {
        rates.push((await sampleOnce(contender, seconds)).perSecond)
      }
      const capacity = median(rates)
      say(`capacity ${round(capacity)} a second`)
      const calm = await measureCalm({ port: server.port, workload, capacity, seconds })
      const loads = []
      for (const times of [2, 5]) {
        loads.push(await overload({ port: server.port, workload, capacity, seconds, times }))
      }
      const figures = figuresOf(calm, loads, capacity)
      const text = [
        settingLines(setting, { rounds: ROUNDS, seconds }),
        latencyText(capacity, calm, loads),
      ].join('\n\n')
      return {
        report: { ...setting, seconds, capacity, calm, loads, figures },
        lines: [latencyText(capacity, calm, loads)],
        document: () => writePart('latency', text, figures),
        passes: true,
      }
    } finally {
      await server.stop()
    }
  })
}

interface Asked {
  readonly port: number
  readonly workload: Workload
  readonly capacity: number
  readonly seconds: number
}

type Calm = Readonly<Record<'half' | 'most', readonly Looped[]>>

async function measureCalm({ port, workload, capacity, seconds }: Asked): Promise<Calm> {
  const half: Looped[] = []
  const most: Looped[] = []
  const common = { port, workload, connections: CONNECTIONS, isDropping: false }
  for (let count = 0; count < ROUNDS; count++) {
    const [, atHalf, atMost] = await loop({
      ...common,
      phases: [
        { perSecond: capacity / 4, seconds: QUIET_SECONDS },
        { perSecond: capacity * 0.5, seconds },
        { perSecond: capacity * 0.8, seconds },
      ],
    })
    if (atHalf !== undefined) half.push(atHalf)
    if (atMost !== undefined) most.push(atMost)
  }
  return { half, most }
}

async function overload(asked: Asked & { readonly times: number }): Promise<Overload> {
  const { port, workload, capacity, seconds, times } = asked
  const [, quiet, busy, after] = await loop({
    ...{ port, workload, connections: OVERLOAD_CONNECTIONS, isDropping: true },
    phases: [
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity / 4, seconds },
      { perSecond: capacity * times, seconds },
      { perSecond: capacity / 4, seconds: seconds + 2 },
    ],
  })
  if (quiet === undefined || busy === undefined || after === undefined) throw new Error('no answer')
  const usual = Math.max(1, median(quiet.windowsP99Ms) * RECOVERED)
  const window = after.windowsP99Ms.findIndex((p99Ms) => p99Ms <= usual)
  const recoveryS = window === -1 ? Number.POSITIVE_INFINITY : (window + 1) * WINDOW_S
  return { times, quiet, busy, recoveryS }
}

/** In a process of its own, so that nothing but the load keeps it from being in time. */
async function loop(options: OpenLoop): Promise<readonly Looped[]> {
  const folder = await createFolder('loop')
  try {
    const file = join(folder, 'loop.json')
    await writeFile(file, JSON.stringify(options))
    const script = fileURLToPath(new URL('open-loop.js', import.meta.url))
    const seconds = options.phases.reduce((sum, phase) => sum + phase.seconds, 0)
    const args = ['--max-semi-space-size=64', script, file]
    const withinMs = seconds * 1000 + GRACE_MS
    return JSON.parse(await runChild(process.execPath, args, { withinMs })) as readonly Looped[]
  } finally {
    await removeFolder(folder)
  }
}

function figuresOf(calm: Calm, loads: readonly Overload[], capacity: number): Figures {
  const worst = loads.at(-1) as Overload
  const only = (value: number): Spread => spreadOf([value])
  return {
    'p99.9 at half': spreadOf(calm.half.map(({ p999Ms }) => p999Ms)),
    'overload goodput': only(rateOf(worst.busy) / capacity),
    'overload p99': only(worst.busy.p99Ms),
    'overload recovery': only(worst.recoveryS),
  }
}

function rateOf({ answered, refused, elapsedMs }: Looped): number {
  return ((answered - refused) * 1000) / elapsedMs
}

function latencyText(capacity: number, calm: Calm, loads: readonly Overload[]): string {
  const of = (runs: readonly Looped[], pick: (run: Looped) => number) =>
    round(median(runs.map(pick)))
  const rowOf = (name: string, runs: readonly Looped[]) => [
    name,
    of(runs, rateOf),
    of(runs, ({ p50Ms }) => p50Ms),
    of(runs, ({ p99Ms }) => p99Ms),
    of(runs, ({ p999Ms }) => p999Ms),
    of(runs, ({ maxMs }) => maxMs),
  ]
  const below = tableOf(
    ['Asked', 'answered /s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms'],
    [rowOf('50 % of capacity', calm.half), rowOf('80 % of capacity', calm.most)],
  )
  const above = tableOf(
    ['Asked', 'answered well /s', 'of capacity', 'p99 ms', 'turned away', 'quick again after'],
    loads.map(({ times, busy, recoveryS }) => [
      `${times}× capacity`,
      round(rateOf(busy)),
      `${round((rateOf(busy) / capacity) * 100)} %`,
      round(busy.p99Ms),
      `${round((busy.dropped / Math.max(1, busy.due)) * 100)} %`,
      `${recoveryS.toFixed(1)} s`,
    ]),
  )
  return [
    `Capacity: ${round(capacity)} session hits a second on one core, asked over ${CONNECTIONS} ` +
      'connections. Latencies count from when a request was due.',
    below,
    `Beyond capacity, over ${OVERLOAD_CONNECTIONS} connections; what finds none free is turned ` +
      'away at the gateway.',
    above,
  ].join('\n\n')
}
