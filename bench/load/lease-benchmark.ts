import type { Result, Task } from '../run.ts'
import { type Figures, round, writePart } from './figures.ts'
import { asking, on, stopAll } from './hit.ts'
import { inWorld, NEAR_ROUNDS } from './hit-benchmark.ts'
import {
  type Contender,
  describe,
  type Measurement,
  measureInTurn,
  type Spread,
  spreadOf,
} from './measure.ts'
import type { Measured } from './place.ts'
import { openSeeder } from './seed.ts'
import { costTable, settingLines } from './table.ts'
import type { World } from './world.ts'

const SESSIONS = 1_000
/** The engine compiles the same code not always alike: a pair alone would compare that too. */
const PAIRS = 3
const PATIENT = { DVARA_JWT_TTL_S: '3600' }

/** What it costs to ask for each check whether memory may be believed. */
export async function benchLease(task: Task): Promise<Result> {
  const { seconds, setting } = task
  return inWorld(async (world) => {
    const { servers, contenders } = await openPairs(world)
    const measured = await measureInTurn(contenders, { ...task, rounds: NEAR_ROUNDS }).finally(() =>
      stopAll(servers),
    )
    const share = shareOf(measured)
    const figures: Figures = { 'lease ratio': share }
    const text = [
      settingLines(setting, { rounds: NEAR_ROUNDS, seconds }),
      costTable(measured),
      `A session hit with the lease against one without: ${round(share.median)}× the CPU time ` +
        `(${round(share.min)}–${round(share.max)}; ${PAIRS} pairs of processes, ` +
        `${NEAR_ROUNDS} rounds).`,
    ].join('\n\n')
    return {
      report: { ...setting, rounds: NEAR_ROUNDS, seconds, rows: measured, figures },
      lines: [...measured.map(describe), `with the lease: ${round(share.median)}×`],
      document: () => writePart('lease', text, figures),
      passes: true,
    }
  })
}

async function openPairs(world: World) {
  const seeder = await openSeeder(world)
  const workload = asking(await seeder.sessions(SESSIONS))
  await seeder.close()
  const servers: Measured[] = []
  const contenders: Contender[] = []
  for (let pair = 1; pair <= PAIRS; pair++) {
    for (const [name, search] of [
      ['without a lease', ''],
      ['with its lease', '?keep'],
    ] as const) {
      const file = new URL(`exchange-lease.js${search}`, import.meta.url).href
      const server = await world.startAuthorizer(name, PATIENT, { node: ['--import', file] })
      servers.push(server)
      contenders.push(on(server, `session hit ${name}, pair ${pair}`, workload))
    }
  }
  return { servers, contenders }
}

/** Of all pairs and rounds together: each ratio is of two neighbours in time. */
export function shareOf(measured: readonly Measurement[]): Spread {
  const ratios: number[] = []
  for (let at = 0; at + 1 < measured.length; at += 2) {
    const [without, own] = [measured[at], measured[at + 1]]
    own?.samples.forEach(({ cpuUs }, round) => {
      ratios.push(cpuUs / (without?.samples[round]?.cpuUs ?? Number.NaN))
    })
  }
  return spreadOf(ratios)
}
