import type { Result, Task } from '../run.ts'
import { readResidentBytes } from './cpu.ts'
import { type Figures, round, writePart } from './figures.ts'
import { asking, KEYS_ASK, on, stopAll } from './hit.ts'
import { inWorld, ROUNDS } from './hit-benchmark.ts'
import {
  costOf,
  describe,
  type Measurement,
  measureInTurn,
  ratioOf,
  spreadOf,
  warm,
} from './measure.ts'
import type { Measured } from './place.ts'
import { type Curve, plotGrowth } from './plot.ts'
import { openSeeder, type Seeded, seedKeys, signatures } from './seed.ts'
import { costTable, settingLines, writePlot } from './table.ts'
import { checkOf } from './workload.ts'
import { FULL_POLICY, fillPolicy, type World } from './world.ts'

const PLOT = 'docs/plots/growth.svg'
const FEW_SESSIONS = 1_000
const KEYS = 2_000
const STARTS = 5
/** Tokens must outlive the time that it takes to sign one for each session. */
const PATIENT = { DVARA_JWT_TTL_S: '3600', DVARA_SESSIONS_MAX: '1100000' }
/** A run of shorter drives is a try: it takes a tenth of the sessions. */
const SECONDS_OF_A_TRY = 2

interface Grown {
  readonly title: string
  readonly counts: readonly number[]
  readonly measured: readonly Measurement[]
}

/** What cost does when sessions, rows, networks and workers become more, and what memory does. */
export async function benchGrowth(task: Task): Promise<Result> {
  const { seconds, setting } = task
  return inWorld(async (world) => {
    const most = seconds < SECONDS_OF_A_TRY ? 100_000 : 1_000_000
    const sessions = await growSessions(world, task, most)
    const rows = await growPolicy(world, task, 'permission rows', [10, 200, 10_000])
    const networks = await growPolicy(world, task, 'networks', [0, 1_000, 100_000])
    const keyBytes = await measureKeyBytes(world)
    const readyMs = await measureStart(world)
    const workers = await growWorkers(world, task)
    const grown = [sessions.grown, rows, networks]
    const figures: Figures = {
      ...{ 'sessions growth': growthOf(sessions.grown), 'rows growth': growthOf(rows) },
      'networks growth': growthOf(networks),
      'session bytes': spreadOf([sessions.bytes]),
      ready: spreadOf(readyMs),
    }
    const text = [
      settingLines(setting, { rounds: ROUNDS, seconds }),
      `![Cost against the least of each](${PLOT})`,
      ...grown.flatMap(({ title, measured }) => [`### More ${title}`, costTable(measured)]),
      '### More workers',
      costTable(workers),
      '### Memory and start',
      memoryText(sessions.bytes, most, keyBytes, readyMs),
    ].join('\n\n')
    return {
      report: { ...setting, seconds, grown, workers, keyBytes, readyMs, figures },
      lines: [...grown.flatMap(({ measured }) => measured.map(describe)), `${keyBytes} B a key`],
      document() {
        writePart('growth', text, figures)
        writePlot(
          PLOT,
          plotGrowth('Cost per request against the least of each', grown.map(curveOf)),
        )
      },
      passes: true,
    }
  })
}

async function growSessions(world: World, task: Task, most: number) {
  const seeder = await openSeeder(world)
  const counts: number[] = []
  for (let count = FEW_SESSIONS; count <= most; count *= 10) counts.push(count)
  task.say(`seeding ${most} sessions …`)
  const all = await seeder.sessions(most)
  await seeder.close()
  const servers: Measured[] = []
  const contenders = []
  for (const count of counts) {
    const server = await world.startAuthorizer(`authorizer of ${count}`, PATIENT)
    servers.push(server)
    const workload = asking(spreadOver(all, count))
    const contender = on(server, `${count.toLocaleString('en')} sessions`, workload)
    // Every one is asked for once at least: connections take them in turn.
    for (let round = 0; round < 60 && (await countEntries(server)) < count * 0.999; round++) {
      await warm(contender, count / 20)
    }
    contenders.push(contender)
  }
  const [first, last] = [servers[0], servers.at(-1)] as [Measured, Measured]
  try {
    const measured = await measureInTurn(contenders, { ...task, rounds: ROUNDS })
    const apart = readResidentBytes(last.pids()) - readResidentBytes(first.pids())
    const bytes = apart / (most - FEW_SESSIONS)
    return { grown: { title: 'sessions', counts, measured }, bytes }
  } finally {
    await stopAll(servers)
  }
}

/** The first so many, in an order without a pattern: neighbours in memory are not neighbours. */
function spreadOver(all: readonly Seeded[], count: number): Seeded[] {
  const some = all.slice(0, count)
  for (let at = some.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    const kept = some[at] as Seeded
    some[at] = some[other] as Seeded
    some[other] = kept
  }
  return some
}

async function countEntries(server: Measured): Promise<number> {
  const text = await (await fetch(`${opsOf(server)}/metrics`)).text()
  return Number(/^dvara_cache_entries\{[^}]*sessions[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}

function opsOf(server: Measured): string {
  if ('opsUrl' in server) return String(server.opsUrl)
  throw new Error(`${server.name} is no authorizer`)
}

async function growPolicy(
  world: World,
  task: Task,
  title: 'permission rows' | 'networks',
  counts: readonly number[],
): Promise<Grown> {
  const seeder = await openSeeder(world)
  const workload = asking(await seeder.sessions(FEW_SESSIONS))
  await seeder.close()
  const servers: Measured[] = []
  const contenders = []
  for (const count of counts) {
    const own = title === 'networks' ? { restrictionsCount: count } : { permissionsCount: count }
    await fillPolicy(world.database, { ...FULL_POLICY, ...own })
    const server = await world.startAuthorizer(`${count} ${title}`, PATIENT)
    servers.push(server)
    contenders.push(on(server, `${count.toLocaleString('en')} ${title}`, workload))
  }
  await fillPolicy(world.database, FULL_POLICY)
  const measured = await measureInTurn(contenders, { ...task, rounds: ROUNDS }).finally(() =>
    stopAll(servers),
  )
  return { title, counts, measured }
}

/** One process on one core, and two behind one port on two; the load is on the second too. */
async function growWorkers(world: World, task: Task): Promise<Measurement[]> {
  const seeder = await openSeeder(world)
  const workload = asking(await seeder.sessions(FEW_SESSIONS))
  await seeder.close()
  const one = await world.startAuthorizer('one', PATIENT)
  const settings = { ...PATIENT, DVARA_WORKERS: '2' }
  const two = await world.startAuthorizer('two', settings, { cores: '0,1' })
  const contenders = [
    on(one, '1 worker on one core', workload),
    on(two, '2 workers on two cores, one shared with the load', workload),
  ]
  return measureInTurn(contenders, { ...task, rounds: ROUNDS }).finally(() => stopAll([one, two]))
}

/** Resident bytes that one more remembered HMAC key takes. */
async function measureKeyBytes(world: World): Promise<number> {
  const keys = await seedKeys(world, 'HS256', KEYS)
  const settings = { DVARA_APIKEY_NONCE_LIFETIME_MS: '60000', ...PATIENT }
  const server = await world.startAuthorizer('keys', settings)
  const few = keys.slice(0, 100)
  const askWith = (some: typeof keys) => ({
    ...on(server, 'keys', checkOf({})),
    workload: () =>
      checkOf(KEYS_ASK, signatures(some, { version: 2, count: some.length, nowMs: Date.now() })),
  })
  try {
    await warm(askWith(few))
    const before = readResidentBytes(server.pids())
    await warm(askWith(keys))
    return (readResidentBytes(server.pids()) - before) / (KEYS - few.length)
  } finally {
    await server.stop()
  }
}

/** From the first instruction of the process until it says that it can decide. */
async function measureStart(world: World): Promise<number[]> {
  await fillPolicy(world.database, { ...FULL_POLICY, permissionsCount: 10_000 })
  const times: number[] = []
  for (let count = 0; count < STARTS; count++) {
    const beganMs = performance.now()
    const server = await world.startAuthorizer('starting')
    times.push(performance.now() - beganMs)
    await server.stop()
  }
  await fillPolicy(world.database, FULL_POLICY)
  return times
}

function growthOf({ measured }: Grown) {
  return ratioOf(measured.at(-1) as Measurement, measured[0] as Measurement, costOf)
}

function curveOf({ title, counts, measured }: Grown): Curve {
  const [first] = measured as [Measurement]
  return {
    name: title,
    points: counts.map((count, at) => [
      count,
      ratioOf(measured[at] as Measurement, first, costOf).median,
    ]),
  }
}

function memoryText(
  sessionBytes: number,
  most: number,
  keyBytes: number,
  readyMs: readonly number[],
): string {
  const { median, min, max } = spreadOf(readyMs)
  return [
    `- One more session in memory, with its token and its reply’s head: ${round(sessionBytes)} ` +
      `bytes resident (${most.toLocaleString('en')} sessions against ${FEW_SESSIONS}).`,
    `- One more API key of kind HS256, with its holder and token: ${round(keyBytes)} bytes ` +
      `resident (${KEYS.toLocaleString('en')} keys against 100).`,
    `- Ready ${round(median)} ms after start with 10,000 permission rows (${round(min)}–` +
      `${round(max)}, ${STARTS} starts).`,
  ].join('\n')
}
