import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runJobs } from './crew.ts'
import type { Job } from './job.ts'
import { MUTANTS } from './mutants.ts'
import { runSeed } from './one.ts'
import { inOwnTurn } from './schedule.ts'
import { addSum, createSum, lineOf, type Sum } from './sum.ts'

const SEEDS_PER_JOB = 250
const PROGRESS_EVERY_MS = 5_000
/** Of the trace of a broken history. */
const LINES_MAX = 120

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    theme: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})
const seeds = wholeOf('seeds', values.seeds)
const first = wholeOf('seed', values.seed)
const jobs = wholeOf('jobs', values.jobs)

process.exitCode = values.trace ? await traceOne(first) : await simulate()

function wholeOf(name: string, text: string): number {
  const whole = Number(text)
  if (Number.isSafeInteger(whole) && whole > 0) return whole
  console.error(`--${name} takes a whole number above 0, not ${text}`)
  process.exit(2)
}

/** All seeds and all mutants; 1 if a rule was broken or a mutant survived. */
async function simulate(): Promise<number> {
  const sum = createSum()
  const mutants = { count: MUTANTS.length, killed: 0 }
  const work: Job[] = MUTANTS.map((_, index) => ({ kind: 'mutant', index, from: first }))
  for (let from = first; from < first + seeds; from += SEEDS_PER_JOB) {
    work.push({ kind: 'seeds', from, count: Math.min(SEEDS_PER_JOB, first + seeds - from) })
  }
  const beganAtMs = performance.now()
  let saidAtMs = beganAtMs
  await runJobs(work, jobs, (done) => {
    if (done.kind === 'mutant') {
      const { name } = MUTANTS[done.index] ?? { name: '' }
      const { by } = done
      if (by !== undefined) mutants.killed += 1
      const how = by === undefined ? 'SURVIVES' : `${by.rule}, seed ${by.seed}, ${by.tried} tried`
      console.log(`mutant ${name}: ${how}`)
      return
    }
    addSum(sum, done.sum)
    const now = performance.now()
    if (now - saidAtMs < PROGRESS_EVERY_MS) return
    saidAtMs = now
    const perSecond = (sum.seeds / (now - beganAtMs)) * 1000
    console.log(`${sum.seeds} of ${seeds} seeds, ${perSecond.toFixed(0)} a second`)
  })
  await sayBroken(sum)
  console.log(lineOf(sum, mutants))
  return sum.broken.length > 0 || mutants.killed < mutants.count ? 1 : 0
}

async function sayBroken({ broken }: Sum): Promise<void> {
  for (const { seed, rule, text } of broken) console.log(`seed ${seed} breaks: ${rule}: ${text}`)
  const [worst] = broken
  if (worst !== undefined) await traceOne(worst.seed)
}

/** The end of one history in words; 1 if it breaks a rule. */
async function traceOne(seed: number): Promise<number> {
  const { theme } = values
  const options = { isTraced: true, ...(theme === undefined ? {} : { theme }) }
  const outcome = await inOwnTurn(() => runSeed(seed, options))
  for (const line of outcome.lines.slice(values.trace ? 0 : -LINES_MAX)) console.log(line)
  console.log(`seed ${seed}, theme ${outcome.theme}, history ${outcome.hash.toString(16)}`)
  return outcome.tally.violations.length > 0 ? 1 : 0
}
