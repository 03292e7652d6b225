import { availableParallelism } from 'node:os'
import { readOptions } from '../options.ts'
import { THEME_NAMES } from './plan.ts'

export const HELP = `npm run simulate -- [--seeds N] [--seed N] [--jobs N] [--theme NAME] [--trace]

  --seeds N     so many histories, and all mutants (2000)
  --seed N      the first of them (1)
  --jobs N      processes that share them (one for each core)
  --theme NAME  only of this theme: ${THEME_NAMES.join(', ')}
  --trace       one history, that of --seed, in words

It ends with 1 where a rule was broken or a mutant survived.
`

export interface Wanted {
  readonly seeds: number
  readonly first: number
  readonly jobs: number
  readonly theme: string | undefined
  readonly isTraced: boolean
}

/** Reads the command line; throws an Error whose message says what it may be. */
export function parseWanted(words: readonly string[]): Wanted {
  const values = readOptions(words, {
    seeds: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    theme: { type: 'string' },
    trace: { type: 'boolean', default: false },
  })
  const { theme } = values
  if (theme !== undefined && !THEME_NAMES.includes(theme)) {
    throw new Error(`--theme takes one of ${THEME_NAMES.join(', ')}.`)
  }
  return {
    seeds: wholeOf('seeds', values.seeds),
    first: wholeOf('seed', values.seed),
    jobs: wholeOf('jobs', values.jobs),
    ...{ theme, isTraced: values.trace },
  }
}

function wholeOf(name: string, text: string): number {
  const whole = Number(text)
  if (Number.isSafeInteger(whole) && whole > 0) return whole
  throw new Error(`--${name} takes a whole number above 0, not ${text}.`)
}
