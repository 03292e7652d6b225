import { readWanted } from '../options.ts'
import { runJobs } from './crew.ts'
import type { Job } from './job.ts'
import { MUTANTS } from './mutants.ts'
import { runSeed } from './one.ts'
import { HELP, parseWanted, type Wanted } from './options.ts'
import { inOwnTurn } from './schedule.ts'
import { addSum, createSum, lineOf, type Sum } from './sum.ts'

const SEEDS_PER_JOB = 250
const PROGRESS_EVERY_MS = 5_000
/** Of the trace of a broken history. */
const LINES_MAX = 120

const wanted = readWanted(process.argv.slice(2), HELP, parseWanted)
if (wanted !== undefined) {
  process.exitCode = await (wanted.isTraced ? traceOne(wanted.first, wanted) : simulate(wanted))
}

/** All seeds and all mutants; 1 if a rule was broken or a mutant survived. */
async function simulate(wanted: Wanted): Promise<number> {
  const { seeds, first, jobs } = wanted
  const sum = createSum()
  const mutants = { count: MUTANTS.length, killed: 0 }
  const work: Job[] = MUTANTS.map((_, index) => ({ kind: 'mutant', index, from: first }))
  for (let from = first; from < first + seeds; from += SEEDS_PER_JOB) {
    const count = Math.min(SEEDS_PER_JOB, first + seeds - from)
    work.push({ kind: 'seeds', from, count, ...themeOf(wanted) })
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
  await sayBroken(sum, wanted)
  console.log(lineOf(sum, mutants))
  return sum.broken.length > 0 || mutants.killed < mutants.count ? 1 : 0
}

function themeOf({ theme }: Wanted): { readonly theme?: string } {
  return theme === undefined ? {} : { theme }
}

async function sayBroken({ broken }: Sum, wanted: Wanted): Promise<void> {
  for (const { seed, rule, text } of broken) console.log(`seed ${seed} breaks: ${rule}: ${text}`)
  const [worst] = broken
  if (worst !== undefined) await traceOne(worst.seed, wanted)
}

/** The end of one history in words; 1 if it breaks a rule. */
async function traceOne(seed: number, wanted: Wanted): Promise<number> {
  const options = { isTraced: true, ...themeOf(wanted) }
  const outcome = await inOwnTurn(() => runSeed(seed, options))
  for (const line of outcome.lines.slice(wanted.isTraced ? 0 : -LINES_MAX)) console.log(line)
  console.log(`seed ${seed}, theme ${outcome.theme}, history ${outcome.hash.toString(16)}`)
  return outcome.tally.violations.length > 0 ? 1 : 0
}
