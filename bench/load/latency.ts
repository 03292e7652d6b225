import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder, removeFolder } from '../../test/process/servers.ts'
import type { Result, Task } from '../run.ts'
import { median } from '../statistics.ts'
import { askOnce } from './answer.ts'
import { runChild } from './child.ts'
import { round, writePart } from './figures.ts'
import { asking, on } from './hit.ts'
import { inWorld } from './hit-benchmark.ts'
import {
  type Calm,
  figuresOf,
  latencyText,
  OVERLOAD_CONNECTIONS,
  type Overload,
  type Overloads,
  rateOf,
  type Share,
} from './latency-page.ts'
import { CONNECTIONS, type Contender, proveAnswer, sampleOnce, warm } from './measure.ts'
import type { Looped, OpenLoop, Phase } from './open-loop.ts'
import { measurePauses } from './pauses.ts'
import { startFile } from './place.ts'
import { openSeeder } from './seed.ts'
import { settingLines } from './table.ts'
import type { Workload } from './workload.ts'
import type { World } from './world.ts'

const SESSIONS = 1_000
const ROUNDS = 3
/** Fewer answers have no p99.9. */
const SECONDS_MIN = 2
const OVERLOADS = [2, 5] as const
/** Of what the generator reaches: with more of it, it is late itself. */
const REACH_SHARE = 0.85
/** Times the capacity: more than it can reach, or it would be told to reach too little. */
const BEYOND = 1.5
const QUIET_SECONDS = 1
const RECOVERY_SECONDS = 3
const WINDOW_S = 0.1
/** What passes for as quick as before. */
const RECOVERED = 3
const GRACE_MS = 30_000
/** It has one core: helpers that compile and collect beside it would only take its place there. */
const GENERATOR = ['--single-threaded', '--max-semi-space-size=64']
/**
 * Parts of the load that the generator is warmed with. What it has run at one rate, for one phase,
 * V8 compiles anew at the next two or three: for 10 ms each, in which it asks nobody.
 */
const WARMING = [0.5, 1, 1, 0.5] as const
const WARMING_SECONDS = 0.5

/** How long answers take below capacity, and what is left of the service above it. */
export async function benchLatency(task: Task): Promise<Result> {
  const { setting, say } = task
  const seconds = Math.max(SECONDS_MIN, task.seconds)
  return inWorld(async (world) => {
    const [bare, hit] = await openBoth(world)
    const capacity = await measureCapacity(hit, seconds)
    const workload = hit.workload(seconds)
    const pauses = await measurePauses(seconds)
    const asked = { workload, hit, seconds }
    const engine = await measureCalm({ ...asked, port: bare.port, reachedAt: bare.port })
    const calm = await measureCalm({ ...asked, port: hit.port, reachedAt: bare.port })
    const reach = median([...engine.reached, ...calm.reached])
    say(`capacity ${round(capacity)} a second; the generator reaches ${round(reach)}`)
    say('beyond capacity …')
    const loads: Overloads[] = []
    for (const times of OVERLOADS) {
      const rounds: Overload[] = []
      for (let count = 0; count < ROUNDS; count++) {
        rounds.push(await overload({ ...asked, port: hit.port, times }))
      }
      loads.push({ times, rounds })
    }
    const figures = figuresOf(calm, loads)
    const told = latencyText({ capacity, pauses, calm, engine, loads })
    return {
      report: {
        ...setting,
        rounds: ROUNDS,
        seconds,
        capacity,
        reach,
        pauses,
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

async function measureOnce(contender: Contender): Promise<number> {
  return (await sampleOnce(contender, QUIET_SECONDS)).perSecond
}

/** What the generator can ask and hear at most, over as many connections. */
async function measureReach(port: number, workload: Workload, capacity: number): Promise<number> {
  const [, busy] = await loop({
    ...{ port, workload, connections: CONNECTIONS, isDropping: false },
    phases: [
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity * BEYOND, seconds: QUIET_SECONDS },
    ],
  })
  return busy === undefined ? 0 : rateOf(busy)
}

interface Asked {
  readonly port: number
  readonly workload: Workload
  /** Whose capacity is asked for parts of, or for times. */
  readonly hit: Contender
  readonly seconds: number
}

/**
 * Each round by what the machine bears right before it, and by what the generator is in time with:
 * beyond that itself would be measured.
 */
async function measureCalm(asked: Asked & { readonly reachedAt: number }): Promise<Calm> {
  const { port, workload, hit, seconds, reachedAt } = asked
  const calm = { half: [] as Share[], most: [] as Share[], reached: [] as number[] }
  const shared = { port, workload, connections: CONNECTIONS, isDropping: false }
  for (let count = 0; count < ROUNDS; count++) {
    const capacity = await measureOnce(hit)
    const reach = await measureReach(reachedAt, workload, capacity)
    const [half, most] = [0.5, 0.8].map((share) =>
      Math.min(capacity * share, reach * REACH_SHARE),
    ) as [number, number]
    const phases = [...warmingFor(half), { perSecond: half, seconds }, { perSecond: most, seconds }]
    const [atHalf, atMost] = (await loop({ ...shared, phases })).slice(-2)
    calm.reached.push(reach)
    if (atHalf !== undefined) calm.half.push({ ...allowed(atHalf), share: half / capacity })
    if (atMost !== undefined) calm.most.push({ ...allowed(atMost), share: most / capacity })
  }
  return calm
}

function warmingFor(perSecond: number): Phase[] {
  return WARMING.map((share) => ({ perSecond: perSecond * share, seconds: WARMING_SECONDS }))
}

/** Below capacity nobody may be refused, or go without an answer. */
function allowed(looped: Looped): Looped {
  const { due, answered, refused } = looped
  const wrong = due - answered + refused
  if (wrong <= due * 0.001) return looped
  throw new Error(`${wrong} of ${due} requests below capacity were not allowed`)
}

async function overload(asked: Asked & { readonly times: number }): Promise<Overload> {
  const { port, workload, hit, seconds, times } = asked
  const capacity = await measureOnce(hit)
  const answered = await loop({
    ...{ port, workload, connections: OVERLOAD_CONNECTIONS, isDropping: true },
    phases: [
      ...warmingFor(capacity / 4),
      { perSecond: capacity / 4, seconds: QUIET_SECONDS },
      { perSecond: capacity * times, seconds },
      { perSecond: capacity / 4, seconds: RECOVERY_SECONDS },
    ],
  })
  const [quiet, busy, after] = answered.slice(-3)
  if (quiet === undefined || busy === undefined || after === undefined) throw new Error('no answer')
  return { capacity, quiet, busy, recoveryS: recoveryOf(quiet, busy, after, seconds) }
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
