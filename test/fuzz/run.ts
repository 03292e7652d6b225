// npm run fuzz -- crypto [--inputs N] [--seed S] [--only NAME] [--list]
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keep } from './corpus.ts'
import type { Disagreement } from './fuzz.ts'
import { fuzz, shareOut } from './fuzz.ts'
import type { Target } from './target.ts'
import { keptToJson } from './target.ts'
import { TARGETS } from './targets.ts'

const INPUTS_COUNT = 10_000
const PROGRESS_MS = 1_000
/** Reading the clock costs as much as a hash. */
const TELLS_PER_LOOK = 64

/** What was asked for on the command line. */
export interface Wanted {
  readonly name: string
  readonly targets: readonly Target[]
  readonly inputsCount: number
  readonly seed: string
}

/** Reads the command line; throws an Error whose message says what it may be. */
export function parseWanted(words: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: words.filter((word) => word !== '--'),
    allowPositionals: true,
    options: {
      inputs: { type: 'string', default: String(INPUTS_COUNT) },
      seed: { type: 'string', default: randomBytes(6).toString('hex') },
      only: { type: 'string' },
    },
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
  return { name, targets, inputsCount, seed }
}

/** Where a run writes: lines for who watches, the result, and cases to be kept. */
export interface Outlet {
  say(line: string): void
  print(line: string): void
  keep(disagreement: Disagreement, from: string): string
}

/** Runs the targets one after another; the exit code. */
export function run({ name, targets, inputsCount, seed }: Wanted, outlet: Outlet): number {
  const counts = shareOut(targets, inputsCount)
  const startedMs = Date.now()
  let doneCount = 0
  const disagreements: Disagreement[] = []
  targets.forEach((target, at) => {
    const count = counts[at] as number
    const tell = createProgress(target.name, count, outlet.say)
    const targetStartedMs = Date.now()
    const outcome = fuzz(target, { seed, inputsCount: count, tell })
    doneCount += outcome.inputsCount
    disagreements.push(...outcome.disagreements)
    const seconds = ((Date.now() - targetStartedMs) / 1000).toFixed(1)
    outlet.say(`${target.name}: ${outcome.inputsCount} inputs in ${seconds} s (${target.about})`)
  })
  for (const each of disagreements) {
    const from = `npm run fuzz -- ${name} --seed ${seed} --only ${each.target}`
    outlet.say(`${each.target} disagrees: ${each.reason}`)
    outlet.say(keptToJson({ target: each.target, from, input: each.input }))
    outlet.say(`kept as ${outlet.keep(each, from)}; again: ${from}`)
  }
  outlet.print(
    JSON.stringify({
      target: name,
      inputs: doneCount,
      seed,
      disagreements: disagreements.length,
      seconds: (Date.now() - startedMs) / 1000,
    }),
  )
  return disagreements.length === 0 ? 0 : 1
}

/** Says about once a second how far a target is. */
function createProgress(
  name: string,
  inputsCount: number,
  say: (line: string) => void,
): (triedCount: number) => void {
  let saidMs = Date.now()
  let tells = 0
  return (triedCount) => {
    if (++tells % TELLS_PER_LOOK !== 0) return
    const nowMs = Date.now()
    if (nowMs - saidMs < PROGRESS_MS) return
    saidMs = nowMs
    say(`${name}: ${triedCount} of ${inputsCount}`)
  }
}

function main(): void {
  let wanted: Wanted
  try {
    wanted = parseWanted(process.argv.slice(2))
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = 2
    return
  }
  process.exitCode = run(wanted, {
    say: (line) => void process.stderr.write(`${line}\n`),
    print: (line) => void process.stdout.write(`${line}\n`),
    keep: ({ target, input }, from) => keep({ target, from, input }),
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
