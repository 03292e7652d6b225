import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '../src/config/root.ts'
import { benchCrypto } from './crypto/benchmark.ts'
import { benchBudget } from './load/budget-benchmark.ts'
import { writePromises } from './load/figures.ts'
import { benchGateways } from './load/gateways.ts'
import { benchGrowth } from './load/growth.ts'
import { benchHit } from './load/hit-benchmark.ts'
import { benchLatency } from './load/latency.ts'
import { benchLease } from './load/lease-benchmark.ts'
import type { Setting } from './machine.ts'
import { describeSetting, pinning } from './machine.ts'
import type { Options } from './options.ts'
import { parseOptions } from './options.ts'
import { benchRivals } from './rivals/benchmark.ts'
import { PROGRAMS } from './rivals/programs.ts'
import { benchTiming } from './timing/benchmark.ts'

/** What a benchmark gives back. */
export interface Result {
  /** What --json prints and bench/results keeps. */
  readonly report: object
  /** The same to read. */
  readonly lines: readonly string[]
  /** Rewrites what BENCHMARKS.md says of it; without this, it has no place there. */
  readonly document?: () => void
  /** `false` where a failure is one of ours, not of the machine's speed. */
  readonly passes: boolean
}

export interface Task {
  readonly rounds: number
  readonly seconds: number
  readonly sessions: number
  readonly rivals: Readonly<Record<string, string>>
  readonly setting: Setting
  /** Progress, for standard error. */
  readonly say: (line: string) => void
}

/** Every benchmark there is. */
export const BENCHMARKS: Readonly<
  Record<string, { readonly about: string; readonly run: (task: Task) => Promise<Result> }>
> = {
  crypto: {
    about: 'signatures, MACs and tokens in WebAssembly against node:crypto and other libraries',
    run: benchCrypto,
  },
  timing: {
    about: 'whether secrets can be told from how long they take (Welch’s t); exits 1 if so',
    run: benchTiming,
  },
  hit: {
    about: 'what an answer costs the server, way by way, against the bare engine and node:http',
    run: benchHit,
  },
  lease: {
    about: 'the same with and without the question whether memory may be believed',
    run: benchLease,
  },
  gateways: {
    about: 'the same through real nginx and Envoy',
    run: benchGateways,
  },
  latency: {
    about: 'how long answers take at half and at most of the capacity, and far beyond it',
    run: benchLatency,
  },
  growth: {
    about: 'cost with more sessions, rows, networks and workers; memory; start',
    run: benchGrowth,
  },
  rivals: {
    about: 'the same work as others would write it, and programs given with --rival',
    run: benchRivals,
  },
  page: {
    about: 'measures nothing: writes the promises again, from bench/figures.json',
    run: async ({ setting }) => ({
      ...{ report: setting, lines: ['written again'], passes: true },
      document: () => writePromises(),
    }),
  },
  budget: {
    about: 'what a hit may cost at most; exits 1 where it costs more, and says where',
    run: benchBudget,
  },
}

/** What is measured where no name is given: the budget measures a part of it again. */
const USUAL = Object.keys(BENCHMARKS).filter((name) => name !== 'budget' && name !== 'page')

const sayPlainly = (line: string) => void process.stderr.write(`${line}\n`)
const secondsSince = (beganMs: number) => (performance.now() - beganMs) / 1000

/** A terminal tells the whole group: told twice, it would end before it has cleaned up. */
const FORWARDED_AFTER_MS = 500

/** Runs this file again on one core, and ends as it ends. */
function runPinned(args: readonly string[]): void {
  const { before, pinned } = pinning()
  const file = fileURLToPath(import.meta.url)
  const [command = '', ...rest] = [
    ...before,
    ...[process.execPath, ...process.execArgv, file, ...args, '--pinned', pinned],
  ]
  const child = spawn(command, rest, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void setTimeout(() => child.kill(signal), FORWARDED_AFTER_MS).unref())
  }
  child.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

/** How one of them went; also in bench/results, under the name `run`. */
interface Outcome {
  readonly name: string
  readonly tookS: number
  readonly outcome: 'measured' | 'FAILED'
  readonly problem?: string
}

/** One after the other; what fails takes nothing from those before and after it. */
async function runAll(options: Options, pinned: string): Promise<void> {
  const reports: Record<string, object> = {}
  const outcomes: Outcome[] = []
  for (const name of options.names) {
    const beganMs = performance.now()
    const say = (line: string) =>
      sayPlainly(`${name} ${secondsSince(beganMs).toFixed(0).padStart(4)} s: ${line}`)
    say(BENCHMARKS[name]?.about ?? '')
    let problem: string | undefined
    try {
      const result = await runOne(name, options, { pinned, say })
      reports[name] = result.report
      if (!result.passes) problem = 'not kept: see above'
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
      say(problem)
    }
    if (problem !== undefined) process.exitCode = 1
    const tookS = secondsSince(beganMs)
    const outcome = problem === undefined ? 'measured' : 'FAILED'
    outcomes.push({ name, tookS, outcome, ...(problem === undefined ? {} : { problem }) })
  }
  if (options.names.length > 1) sayOutcomes(outcomes)
  if (!options.isJson) return
  const [only] = options.names
  const printed = options.names.length === 1 && only !== undefined ? reports[only] : reports
  process.stdout.write(`${JSON.stringify(printed ?? null)}\n`)
}

interface Told {
  readonly pinned: string
  readonly say: (line: string) => void
}

async function runOne(name: string, options: Options, { pinned, say }: Told): Promise<Result> {
  const { rounds, seconds, sessions, rivals } = options
  const benchmark = BENCHMARKS[name]
  if (benchmark === undefined) throw new Error(`${name} is not known`)
  const setting = describeSetting(pinned)
  const result = await benchmark.run({ rounds, seconds, sessions, rivals, setting, say })
  keep(name, result.report)
  if (!options.isJson) {
    process.stdout.write(`${result.lines.join('\n')}\n`)
    result.document?.()
  }
  return result
}

function sayOutcomes(outcomes: readonly Outcome[]): void {
  keep('run', outcomes)
  for (const { name, tookS, outcome } of outcomes) {
    sayPlainly(`${name.padEnd(10)} ${tookS.toFixed(0).padStart(4)} s  ${outcome}`)
  }
  const totalS = outcomes.reduce((sum, { tookS }) => sum + tookS, 0)
  sayPlainly(`${'together'.padEnd(10)} ${totalS.toFixed(0).padStart(4)} s`)
}

function keep(name: string, report: object): void {
  const folder = join(projectRoot, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`)
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args, Object.keys(BENCHMARKS), USUAL, Object.keys(PROGRAMS))
  if (typeof options === 'string') {
    sayPlainly(options)
    process.exitCode = 2
  } else if (options.isList) {
    for (const [name, { about }] of Object.entries(BENCHMARKS)) {
      process.stdout.write(`${name.padEnd(10)} ${about}\n`)
    }
  } else if (options.pinned === undefined) {
    runPinned(args)
  } else {
    await runAll(options, options.pinned)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
