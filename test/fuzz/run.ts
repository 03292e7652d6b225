import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { readWanted, readWords } from '../options.ts'
import { keep } from './corpus.ts'
import { fuzz, shareOut } from './fuzz.ts'
import type { Kept, Target } from './target.ts'
import { keptFromJson, keptToJson } from './target.ts'
import { TARGETS } from './targets.ts'

const INPUTS_COUNT = 10_000
const PROGRESS_MS = 1_000
/** Reading the clock costs as much as a hash. */
const INPUTS_PER_LOOK = 64

const HELP = `npm run fuzz -- NAME [--inputs N] [--seed S] [--only TARGET] [--workers N]

  NAME           what: ${Object.keys(TARGETS).join(', ')}
  --inputs N     so many, shared among its targets (${INPUTS_COUNT})
  --seed S       the same seed, the same inputs (drawn)
  --only TARGET  only this target of it
  --workers N    threads that share the inputs, 1 to 99 (1)

It ends with 1 where two disagreed; the inputs are kept in the corpus.
`

/** What was asked for on the command line. */
export interface Wanted {
  readonly name: string
  readonly targets: readonly Target[]
  readonly inputsCount: number
  readonly seed: string
  /** Threads that share the inputs, each with a seed of its own made of this one. */
  readonly workersCount: number
}

/** Reads the command line; throws an Error whose message says what it may be. */
export function parseWanted(words: readonly string[]): Wanted {
  const { values, positionals } = readWords(words, {
    inputs: { type: 'string', default: String(INPUTS_COUNT) },
    seed: { type: 'string', default: randomBytes(6).toString('hex') },
    only: { type: 'string' },
    workers: { type: 'string', default: '1' },
  })
  const [name = '', ...more] = positionals
  const all = TARGETS[name]
  if (all === undefined || more.length > 0) {
    throw new Error(`Name one of: ${Object.keys(TARGETS).join(', ')}.`)
  }
  const { only, seed } = values
  const targets = only === undefined ? all : all.filter((target) => target.name === only)
  if (targets.length === 0) {
    throw new Error(`--only takes one of: ${all.map((target) => target.name).join(', ')}.`)
  }
  const inputsCount = Number(values.inputs)
  if (!/^[1-9][0-9]{0,11}$/.test(values.inputs)) {
    throw new Error('--inputs takes a number from 1 on.')
  }
  if (!/^[1-9][0-9]?$/.test(values.workers)) throw new Error('--workers takes 1 to 99.')
  return { name, targets, inputsCount, seed, workersCount: Number(values.workers) }
}

/** Where a run writes: lines for who watches, the result, and cases to be kept. */
export interface Outlet {
  say(line: string): void
  print(line: string): void
  keep(kept: Kept): string
}

/** What was found, and how many inputs it took. */
interface Found {
  readonly inputsCount: number
  readonly disagreements: readonly Kept[]
  /** How often each kind of outcome was seen. */
  readonly seen: Readonly<Record<string, number>>
}

/** A word in memory that all threads see: not zero once somebody wants them to end. */
type Ending = Int32Array<SharedArrayBuffer>

function createEnding(): Ending {
  return new Int32Array(new SharedArrayBuffer(4))
}

/** Runs the targets, on one thread or on many; the exit code. */
export async function run(
  wanted: Wanted,
  outlet: Outlet,
  ending: Ending = createEnding(),
): Promise<number> {
  const startedMs = Date.now()
  const found =
    wanted.workersCount === 1
      ? [await search(wanted, outlet.say, ending)]
      : await share(wanted, ending)
  const disagreements = found.flatMap((each) => each.disagreements)
  for (const each of disagreements) {
    outlet.say(keptToJson(each))
    outlet.say(`kept as ${outlet.keep(each)}; again: ${each.from}`)
  }
  const seen = sumOf(found.map((each) => each.seen))
  if (Object.keys(seen).length > 0) outlet.print(JSON.stringify({ target: wanted.name, seen }))
  outlet.print(
    JSON.stringify({
      target: wanted.name,
      inputs: found.reduce((sum, { inputsCount }) => sum + inputsCount, 0),
      seed: wanted.seed,
      ...(wanted.workersCount === 1 ? {} : { workers: wanted.workersCount }),
      disagreements: disagreements.length,
      seconds: (Date.now() - startedMs) / 1000,
    }),
  )
  return disagreements.length === 0 ? 0 : 1
}

/** The sums by name, the rarest first. */
function sumOf(all: readonly Found['seen'][]): Found['seen'] {
  const sums = new Map<string, number>()
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) {
    sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return Object.fromEntries([...sums].sort(([, one], [, other]) => one - other))
}

/** Runs the targets one after another. */
async function search(
  { name, targets, inputsCount, seed }: Wanted,
  say: Outlet['say'],
  ending: Ending,
): Promise<Found> {
  const counts = shareOut(targets, inputsCount)
  let doneCount = 0
  const disagreements: Kept[] = []
  const seen: Record<string, number>[] = []
  for (const [at, target] of targets.entries()) {
    const count = counts[at] as number
    const tell = createProgress(target.name, count, say, ending)
    const startedMs = Date.now()
    const outcome = await fuzz(target, { seed, inputsCount: count, tell })
    doneCount += outcome.inputsCount
    seen.push(Object.fromEntries(outcome.seen))
    for (const { reason, input } of outcome.disagreements) {
      say(`${target.name} disagrees: ${reason}`)
      const from = `npm run fuzz -- ${name} --seed ${seed} --only ${target.name}`
      disagreements.push({ target: target.name, from, input })
    }
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
    say(`${target.name}: ${outcome.inputsCount} inputs in ${seconds} s (${target.about})`)
  }
  return { inputsCount: doneCount, disagreements, seen: sumOf(seen) }
}

/** The command line of each thread: a part of the inputs, and a seed that repeats it alone. */
function share(
  { name, targets, inputsCount, seed, workersCount }: Wanted,
  ending: Ending,
): Promise<Found[]> {
  const part = Math.ceil(inputsCount / workersCount)
  const only = targets.length === 1 ? ['--only', (targets[0] as Target).name] : []
  const threads = Array.from({ length: workersCount }, (_, at) =>
    runThread([name, ...only, '--inputs', String(part), '--seed', `${seed}.${at}`], ending),
  )
  return Promise.all(threads)
}

/** What a thread tells when it is done: cases as JSON, for bytes would not survive otherwise. */
type Told = Omit<Found, 'disagreements'> & { readonly kept: readonly string[] }

function runThread(words: readonly string[], ending: Ending): Promise<Found> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { words, ending } })
    worker.once('message', ({ kept, ...rest }: Told) => {
      resolve({ ...rest, disagreements: kept.map(keptFromJson) })
    })
    worker.once('error', reject)
  })
}

async function runAsThread(words: readonly string[], ending: Ending): Promise<void> {
  const wanted = parseWanted(words)
  const say = (line: string) => void process.stderr.write(`${wanted.seed}: ${line}\n`)
  const { disagreements, ...rest } = await search(wanted, say, ending)
  const told: Told = { ...rest, kept: disagreements.map(keptToJson) }
  parentPort?.postMessage(told)
}

/** Says about once a second how far a target is, and lets signals in; true where it shall end. */
function createProgress(
  name: string,
  inputsCount: number,
  say: (line: string) => void,
  ending: Ending,
): (triedCount: number) => undefined | Promise<boolean> {
  let saidMs = Date.now()
  let lookAt = INPUTS_PER_LOOK
  return (triedCount) => {
    if (triedCount < lookAt) return undefined
    lookAt = triedCount + INPUTS_PER_LOOK
    const nowMs = Date.now()
    if (nowMs - saidMs < PROGRESS_MS) return undefined
    saidMs = nowMs
    say(`${name}: ${triedCount} of ${inputsCount}`)
    return setImmediate().then(() => Atomics.load(ending, 0) !== 0)
  }
}

async function main(): Promise<void> {
  const wanted = readWanted(process.argv.slice(2), HELP, parseWanted)
  if (wanted === undefined) return
  const ending = createEnding()
  // What was tried so far counts: the last line says how many inputs that were.
  const end = () => void Atomics.store(ending, 0, 1)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const outlet = {
    say: (line: string) => void process.stderr.write(`${line}\n`),
    print: (line: string) => void process.stdout.write(`${line}\n`),
    keep,
  }
  process.exitCode = await run(wanted, outlet, ending)
}

if (!isMainThread && workerData?.words !== undefined)
  await runAsThread(workerData.words, workerData.ending)
else if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
