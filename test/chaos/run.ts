import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { createDice } from '../fuzz/dice.ts'
import { readOptions, readWanted } from '../options.ts'
import { runChaos } from './chaos.ts'
import { FAULT_NAMES, FAULTS, type FaultName, STAND_INS } from './faults.ts'
import { isUnsafe, judge } from './judge.ts'
import { renderRows, renderViolations, toJson } from './report.ts'
import { SCENES, type SceneName } from './scenes.ts'
import { chooseFaults, scheduleFaults } from './schedule.ts'
import { startStand } from './stand.ts'
import { tally } from './tally.ts'

export const HELP = `npm run chaos -- [--minutes N] [--probes N] [--seed S] [--workers N]
              [--only A,B] [--json]
npm run chaos -- --scene NAME [--times N] [--json]

  --minutes N   so long faults strike (3)
  --probes N    no longer than until so many questions were answered
  --seed S      which, and when: the same seed, the same order (drawn)
  --workers N   authorizers, 1 to 64 (8)
  --only A,B    only these faults: ${FAULT_NAMES.join(',')}
  --scene NAME  instead one goal that needs a stand of its own: ${Object.keys(SCENES).join(', ')}
  --times N     how often it is played (as its goal says)
  --json        only the last line

It ends with 1 where something was accepted that must not be.
`

export interface Wanted {
  readonly minutes: number
  readonly probesMax: number
  readonly seed: string
  readonly workersCount: number
  readonly only: readonly FaultName[] | undefined
  /** Instead of striking at random: one goal that needs a stand of its own. */
  readonly scene: { readonly name: SceneName; readonly times: number } | undefined
  /** Only the last line. */
  readonly isJson: boolean
}

/** Reads the command line; throws an Error whose message says what it may be. */
export function parseWanted(words: readonly string[]): Wanted {
  const values = readOptions(words, {
    minutes: { type: 'string', default: '3' },
    probes: { type: 'string' },
    seed: { type: 'string', default: randomBytes(6).toString('hex') },
    workers: { type: 'string', default: '8' },
    only: { type: 'string' },
    scene: { type: 'string' },
    times: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes <= 600)) throw new Error('--minutes takes more than 0, up to 600.')
  if (values.probes !== undefined && !/^[1-9][0-9]{0,8}$/.test(values.probes)) {
    throw new Error('--probes takes 1 to 999999999.')
  }
  if (!/^([1-9]|[1-5][0-9]|6[0-4])$/.test(values.workers))
    throw new Error('--workers takes 1 to 64.')
  const only = values.only?.split(',')
  if (only?.every(isFaultName) === false) {
    throw new Error(`--only takes some of ${FAULT_NAMES.join(',')}.`)
  }
  return {
    ...{ minutes, seed: values.seed, workersCount: Number(values.workers) },
    probesMax: Number(values.probes ?? Number.POSITIVE_INFINITY),
    only: only?.filter(isFaultName),
    scene: readScene(values.scene, values.times),
    isJson: values.json,
  }
}

function readScene(name: string | undefined, times: string | undefined): Wanted['scene'] {
  if (name === undefined) {
    if (times !== undefined) throw new Error('--times goes with --scene.')
    return undefined
  }
  if (!(name in SCENES)) throw new Error(`--scene takes one of ${Object.keys(SCENES).join(',')}.`)
  const scene = name as SceneName
  const wanted = times ?? String(SCENES[scene].times)
  if (!/^[1-9][0-9]{0,5}$/.test(wanted)) throw new Error('--times takes 1 to 999999.')
  return { name: scene, times: Number(wanted) }
}

function isFaultName(word: string): word is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(word)
}

/** A number from 0 to 1 out of a seed. */
export function createRandom(seed: string): () => number {
  const dice = createDice(seed)
  return () => dice.below(2 ** 30) / 2 ** 30
}

const LEASE_MS = 2_000
const HEARTBEAT_MS = 250
/** A primary that no replica follows any more notices by its next look, and then refuses. */
const FENCE_MS = 3_000
const MINUTE_MS = 60_000
/** So many that an authorizer finds several questions each time it looks for one. */
const PROBERS_EACH = 12

type Say = (line: string) => void

/** Progress, on standard error: seconds since it began, and a line. */
function createSay({ isJson }: Wanted): Say {
  const startedMs = performance.now()
  return (line) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)
    if (!isJson) process.stderr.write(`${seconds} s  ${line}\n`)
  }
}

/** Plays one scene to its end, prints what came of it; the exit code. */
async function play(scene: NonNullable<Wanted['scene']>, wanted: Wanted): Promise<number> {
  const { name, times } = scene
  const say = createSay(wanted)
  say(`${times} × ${SCENES[name].about}`)
  const row = await SCENES[name].play({ times, say })
  if (!wanted.isJson) process.stdout.write(`${renderRows([row])}\n`)
  const { outcome, measured } = row
  process.stdout.write(`${JSON.stringify({ scene: name, times, outcome, measured })}\n`)
  return row.outcome === 'fail' ? 1 : 0
}

/** Starts a stand, strikes it for as long as was wanted, prints what came of it; the exit code. */
async function run(wanted: Wanted): Promise<number> {
  const startedMs = performance.now()
  const say = createSay(wanted)
  const { names, skipped } = chooseFaults(wanted.only, true)
  for (const name of names) say(`${name}: ${FAULTS[name].about}`)
  for (const line of STAND_INS) say(`instead of ${line}`)
  const random = createRandom(`${wanted.seed}.probes`)
  const chance = createRandom(`${wanted.seed}.faults`)
  const stand = await startStand({
    ...{ workersCount: wanted.workersCount, identitiesCount: 2, hasReplica: true },
    ...{ leaseMs: LEASE_MS, heartbeatMs: HEARTBEAT_MS, fenceMs: FENCE_MS, random, say },
  })
  try {
    say(`seed ${wanted.seed}`)
    const { history, log, broken } = await runChaos({
      ...{ stand, random, chance, say, faults: scheduleFaults(names, chance) },
      ...{ untilMs: performance.now() + wanted.minutes * MINUTE_MS, probesMax: wanted.probesMax },
      ...{ longestMs: Math.min(10_000, wanted.minutes * 4_000), calmMs: 2_000, endedBefore: 0 },
      ...{
        probersPerWorker: PROBERS_EACH,
        probePauseMs: 0,
        handsCount: 6,
        changePauseMs: 100,
        keptCount: 40,
      },
    })
    const told = tally(history, log)
    const rows = judge(history, told)
    const print = (text: string) => process.stdout.write(`${text}\n`)
    if (!wanted.isJson)
      print([renderRows(rows), renderViolations(history, told)].join('\n').trimEnd())
    const minutes = (performance.now() - startedMs) / MINUTE_MS
    const facts = { seed: wanted.seed, minutes, workers: wanted.workersCount, skipped }
    print(toJson(facts, history, told, rows))
    if (broken !== undefined) process.stderr.write(`${broken}\n`)
    return isUnsafe(history, told) || broken !== undefined ? 1 : 0
  } finally {
    await stand.stop()
  }
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  const wanted = readWanted(words, HELP, parseWanted)
  if (wanted === undefined) return
  const { scene } = wanted
  process.exitCode = await (scene === undefined ? run(wanted) : play(scene, wanted))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
