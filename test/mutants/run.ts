// npm run mutants [-- --only NAME] [--json]
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Bench, compile, createBench, createFolder, remove } from './bench.ts'
import type { Mutation } from './mutation.ts'
import { MUTATIONS } from './mutations.ts'

/** Each has a copy of `dist/` of its own. */
const BENCHES_COUNT = 2

interface Tried {
  readonly mutation: Mutation
  /** The test that noticed. */
  readonly killer: string | undefined
  readonly seconds: number
}

/** Runs each job on whichever bench is free. */
async function shareOut<Job, Made>(
  benches: readonly Bench[],
  jobs: readonly Job[],
  work: (bench: Bench, job: Job, at: number) => Promise<Made>,
): Promise<Made[]> {
  const queue = jobs.entries()
  const made: Made[] = []
  await Promise.all(
    benches.map(async (bench) => {
      for (const [at, job] of queue) made[at] = await work(bench, job, at)
    }),
  )
  return made
}

/** A test that fails on what is right proves nothing of what is wrong. */
async function requireGood(benches: readonly Bench[], mutations: readonly Mutation[]) {
  const tests = [...new Set(mutations.flatMap(({ killers }) => killers))]
  const passed = await shareOut(benches, tests, (bench, test) => bench.passes(test))
  const bad = tests.filter((_, at) => !passed[at])
  if (bad.length > 0) throw new Error(`These fail without any mutation: ${bad.join(', ')}`)
}

async function tryOne(bench: Bench, mutation: Mutation, compiled: string): Promise<Tried> {
  const startedMs = Date.now()
  const seconds = () => (Date.now() - startedMs) / 1000
  bench.spoil(mutation, compiled)
  try {
    for (const killer of mutation.killers) {
      if (!(await bench.passes(killer))) return { mutation, killer, seconds: seconds() }
    }
    return { mutation, killer: undefined, seconds: seconds() }
  } finally {
    bench.mend(mutation)
  }
}

/** Reads the command line; throws an Error whose message says what is wrong with it. */
export function parseWanted(words: readonly string[]): { mutations: Mutation[]; isQuiet: boolean } {
  const { values } = parseArgs({
    args: words.filter((word) => word !== '--'),
    options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
  })
  const { only } = values
  const mutations = MUTATIONS.filter(({ name }) => only === undefined || name.includes(only))
  if (mutations.length === 0) throw new Error(`No mutation's name contains ${only}.`)
  return { mutations, isQuiet: values.json }
}

async function main(): Promise<number> {
  const { mutations, isQuiet } = parseWanted(process.argv.slice(2))
  const say = (line: string) => void (isQuiet || process.stdout.write(`${line}\n`))
  const folder = createFolder()
  try {
    const compiled = await compile(folder, mutations)
    const benches = Array.from({ length: BENCHES_COUNT }, (_, at) =>
      createBench(join(folder, `bench-${at}`)),
    )
    await requireGood(benches, mutations)
    const tried = await shareOut(benches, mutations, async (bench, mutation, at) => {
      const one = await tryOne(bench, mutation, compiled[at] as string)
      const by = one.killer === undefined ? 'SURVIVED' : `killed by ${one.killer}`
      say(`${mutation.name.padEnd(40)} ${mutation.file.padEnd(32)} ${by} (${one.seconds} s)`)
      return one
    })
    const survived = tried.filter(({ killer }) => killer === undefined)
    process.stdout.write(
      `${JSON.stringify({
        mutants: tried.length,
        killed: tried.length - survived.length,
        survived: survived.map(({ mutation }) => mutation.name),
      })}\n`,
    )
    return survived.length === 0 ? 0 : 1
  } finally {
    remove(folder)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main()
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = 2
  }
}
