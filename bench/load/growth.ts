import { generateKeyPairSync } from 'node:crypto'
import type { Result, Task } from '../run.ts'
import { readCpu } from './cpu.ts'
import { type Figures, round, writePart } from './figures.ts'
import { FEW_SESSIONS, type Grown, growSessions, patientFor } from './grow-sessions.ts'
import { asking, KEYS_ASK, on, stopAll } from './hit.ts'
import { inWorld, NEAR_ROUNDS, ROUNDS } from './hit-benchmark.ts'
import { costOf, type Measurement, measureInTurn, ratioOf, spreadOf, warm } from './measure.ts'
import { grownBy, type Held, readHeld, TELLING } from './memory.ts'
import type { Measured } from './place.ts'
import { type Curve, plotGrowth } from './plot.ts'
import { openSeeder, seedKeys, signatures } from './seed.ts'
import { costTable, settingLines, writePlot } from './table.ts'
import { checkOf, type Workload } from './workload.ts'
import { FULL_POLICY, fillPolicy, type World } from './world.ts'

const PLOT = 'docs/plots/growth.svg'
const [FEW_KEYS, KEYS] = [100, 1_000]
const STARTS = 5
const SESSIONS_PROMISED = 1_000_000
const PATIENT = patientFor(FEW_SESSIONS)

/** What cost does when sessions, rows, networks and workers become more, and what memory does. */
export async function benchGrowth(task: Task): Promise<Result> {
  const { seconds, setting, say, sessions: most } = task
  return inWorld(async (world) => {
    const sessions = await growSessions(world, task)
    const workload = await askingFew(world)
    const rows = await growPolicy(world, task, workload, 'permission rows', [10, 200, 10_000])
    const networks = await growPolicy(world, task, workload, 'networks', [0, 10, 1_000, 100_000])
    const workers = await growWorkers(world, task, workload)
    say('starting with 10,000 permission rows …')
    const starts = await measureStart(world)
    say('memory of keys …')
    const keys = await measureKeys(world)
    const grown = [sessions.grown, rows, networks]
    const figures: Figures = {
      ...{ 'rows growth': growthOf(rows), 'networks growth': growthOf(networks) },
      // Of fewer nothing is promised.
      ...(most >= SESSIONS_PROMISED ? { 'sessions growth': growthOf(sessions.grown) } : {}),
      'session bytes': spreadOf([sessions.each.residentBytes]),
      ready: spreadOf(starts.map(({ readyMs }) => readyMs)),
    }
    const text = [
      settingLines(setting, { rounds: ROUNDS, seconds }),
      `![Cost against the least of each](${PLOT})`,
      ...grown.flatMap(({ title, measured }) => [
        `#### More ${title}`,
        `${measured[0]?.samples.length} rounds.`,
        costTable(measured),
      ]),
      '#### More workers',
      costTable(workers),
      '#### Memory and start',
      memoryText(sessions.each, most, keys, starts),
    ].join('\n\n')
    return {
      report: {
        ...setting,
        seconds,
        grown,
        workers,
        session: sessions.each,
        keys,
        starts,
        figures,
      },
      lines: [memoryText(sessions.each, most, keys, starts)],
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

async function askingFew(world: World): Promise<Workload> {
  const seeder = await openSeeder(world)
  const workload = asking(await seeder.sessions(FEW_SESSIONS))
  await seeder.close()
  return workload
}

async function growPolicy(
  world: World,
  task: Task,
  workload: Workload,
  title: 'permission rows' | 'networks',
  counts: readonly number[],
): Promise<Grown> {
  const servers: Measured[] = []
  const contenders = []
  for (const count of counts) {
    const own = title === 'networks' ? { restrictionsCount: count } : { permissionsCount: count }
    await fillPolicy(world.database, { ...FULL_POLICY, ...own })
    const server = await world.startAuthorizer(`${count} ${title}`, PATIENT)
    servers.push(server)
    contenders.push(on(server, `${count.toLocaleString('en')} ${title}`, workload))
  }
  const measured = await measureInTurn(contenders, { ...task, rounds: NEAR_ROUNDS }).finally(() =>
    stopAll(servers),
  )
  await fillPolicy(world.database, FULL_POLICY)
  return { title, counts, measured }
}

/** One process on one core, and two behind one port on two; the load is on the second too. */
async function growWorkers(world: World, task: Task, workload: Workload): Promise<Measurement[]> {
  const one = await world.startAuthorizer('one', PATIENT)
  const settings = { ...PATIENT, DVARA_WORKERS: '2' }
  const two = await world.startAuthorizer('two', settings, { cores: '0,1' })
  const contenders = [
    on(one, '1 worker on one core', workload),
    on(two, '2 workers on two cores, one shared with the load', workload),
  ]
  return measureInTurn(contenders, { ...task, rounds: ROUNDS }).finally(() => stopAll([one, two]))
}

type KeyMemory = Readonly<Record<'HS256' | 'EdDSA', Held>>

/** What one more remembered key takes, by its algorithm. */
async function measureKeys(world: World): Promise<KeyMemory> {
  return {
    HS256: await measureKey(world, 'HS256'),
    EdDSA: await measureKey(world, 'EdDSA', () => generateKeyPairSync('ed25519')),
  }
}

async function measureKey(
  world: World,
  algorithm: keyof KeyMemory,
  createPair?: Parameters<typeof seedKeys>[3],
): Promise<Held> {
  const keys = await seedKeys(world, algorithm, KEYS, createPair)
  const settings = { DVARA_APIKEY_NONCE_LIFETIME_MS: '60000', ...PATIENT }
  const server = await world.startAuthorizer('keys', settings, { node: TELLING })
  const askWith = (some: typeof keys) => ({
    ...on(server, `${algorithm} keys`, checkOf({})),
    workload: () =>
      checkOf(KEYS_ASK, signatures(some, { version: 2, count: 2 * KEYS, nowMs: Date.now() })),
  })
  try {
    await warm(askWith(keys.slice(0, FEW_KEYS)))
    const before = await readHeld(server)
    await warm(askWith(keys))
    return grownBy(before, await readHeld(server), KEYS - FEW_KEYS)
  } finally {
    await server.stop()
  }
}

interface Started {
  /** From the first instruction of the process until it says that it can decide. */
  readonly readyMs: number
  /** What of it the process had a processor, all threads together. */
  readonly cpuMs: number
}

async function measureStart(world: World): Promise<Started[]> {
  await fillPolicy(world.database, { ...FULL_POLICY, permissionsCount: 10_000 })
  const starts: Started[] = []
  for (let count = 0; count < STARTS; count++) {
    const beganMs = performance.now()
    const server = await world.startAuthorizer('starting')
    const readyMs = performance.now() - beganMs
    starts.push({ readyMs, cpuMs: readCpu(server.pids()).allMs })
    await server.stop()
  }
  await fillPolicy(world.database, FULL_POLICY)
  return starts
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
  session: Held,
  most: number,
  { HS256, EdDSA }: KeyMemory,
  starts: readonly Started[],
): string {
  const { median, min, max } = spreadOf(starts.map(({ readyMs }) => readyMs))
  const cpu = spreadOf(starts.map(({ cpuMs }) => cpuMs))
  const bytes = ({ residentBytes, liveBytes }: Held) =>
    `${round(residentBytes)} bytes resident, of which ${round(liveBytes)} are left after a ` +
    'collection of garbage'
  return [
    `- One more session in memory, with its holder, its token and its reply’s head: ` +
      `${bytes(session)} (${most.toLocaleString('en')} against ${FEW_SESSIONS}).`,
    `- One more API key of kind HS256, with its holder and token: ${bytes(HS256)} ` +
      `(${KEYS.toLocaleString('en')} against ${FEW_KEYS}).`,
    `- One more of kind EdDSA, each with its table: ${bytes(EdDSA)}.`,
    `- Ready ${round(median)} ms after start with 10,000 permission rows (${round(min)}–` +
      `${round(max)}, ${STARTS} starts); the process had ${round(cpu.median)} ms of CPU for it.`,
  ].join('\n')
}
