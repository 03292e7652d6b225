import { MUTANTS } from './mutants.ts'
import { runSeed } from './one.ts'
import { inOwnTurn } from './schedule.ts'
import { addOutcome, createSum, type Sum } from './sum.ts'

interface SeedsJob {
  readonly kind: 'seeds'
  readonly from: number
  readonly count: number
  /** Of each history; else each seed draws its own. */
  readonly theme?: string
}

interface MutantJob {
  readonly kind: 'mutant'
  readonly index: number
  /** The seed to begin with; else the one that is known to show the mutant, then all from 1 on. */
  readonly from?: number
}

/** A piece of work for one process. */
export type Job = SeedsJob | MutantJob

export type Done =
  | { readonly kind: 'seeds'; readonly sum: Sum }
  | { readonly kind: 'mutant'; readonly index: number; readonly by: Killer | undefined }

/** The history that showed what a mutant lacks. */
export interface Killer {
  readonly seed: number
  readonly rule: string
  readonly tried: number
}

/** A mutant that survives so many histories of its theme is not looked for any longer. */
const MUTANT_SEEDS_MAX = 2_000

export function runJob(job: Job): Promise<Done> {
  return inOwnTurn(() => {
    // Faults are thrown by the thousand here, and nobody reads where.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      return job.kind === 'seeds' ? runSeeds(job) : runMutant(job)
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  })
}

/** The first history of each piece is run twice: it must be the same, bit for bit. */
function runSeeds({ from, count, theme }: SeedsJob): Done {
  const sum = createSum()
  const options = theme === undefined ? {} : { theme }
  for (let seed = from; seed < from + count; seed++) {
    const outcome = runSeed(seed, options)
    addOutcome(sum, outcome)
    if (seed !== from) continue
    const again = runSeed(seed, options)
    if (again.hash === outcome.hash && again.callsCount === outcome.callsCount) continue
    sum.broken.push({ seed, rule: 'the same seed, the same history', text: `${again.hash}` })
  }
  return { kind: 'seeds', sum }
}

function runMutant({ index, from }: MutantJob): Done {
  const mutant = MUTANTS[index]
  if (mutant === undefined) throw new Error(`no mutant ${index}`)
  const { variation, theme } = mutant
  let tried = 0
  for (const seed of seedsFrom(from, mutant.seed)) {
    tried += 1
    const [violation] = runSeed(seed, { variation, theme }).tally.violations
    if (violation !== undefined) {
      return { kind: 'mutant', index, by: { seed, rule: violation.rule, tried } }
    }
  }
  return { kind: 'mutant', index, by: undefined }
}

function* seedsFrom(from: number | undefined, known: number): Generator<number> {
  if (from === undefined) yield known
  const first = from ?? 1
  for (let seed = first; seed < first + MUTANT_SEEDS_MAX; seed++) yield seed
}
