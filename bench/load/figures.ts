import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import { type Figure, LOAD_GOALS, type LoadGoal } from '../budget.ts'
import { replaceBetween, tableOf } from '../document.ts'
import { describeSetting } from '../machine.ts'
import type { Spread } from './measure.ts'

/** What one run found of the promised figures; only those that it measured. */
export type Figures = Readonly<Partial<Record<Figure, Spread>>>

/** The latest of every figure on one machine, as they are kept beside the pages made of them. */
export interface KeptFigures {
  readonly machine: string
  readonly figures: Figures
}

const KEPT = join(projectRoot, 'bench', 'figures.json')
const PAGE = join(projectRoot, 'BENCHMARKS.md')
const README = join(projectRoot, 'README.md')

/** Undefined before the first run. */
export function readKept(): KeptFigures | undefined {
  return existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as KeptFigures) : undefined
}

/** The latest of every figure, with these among them; numbers of two machines are never mixed. */
function keepFigures(figures: Figures): Figures {
  const { machine } = describeSetting('')
  const before = readKept()
  const kept = before?.machine === machine ? before.figures : {}
  const all = Object.fromEntries(
    LOAD_GOALS.flatMap(({ figure }) => {
      const found = figures[figure] ?? kept[figure]
      return found === undefined ? [] : [[figure, found]]
    }),
  )
  const text = JSON.stringify({ machine, figures: all } satisfies KeptFigures, undefined, 2)
  writeFileSync(KEPT, `${text}\n`)
  return all
}

/** Whether a value is within a bound that may be exceeded by a share of itself. */
export function isKept({ is }: LoadGoal, value: number, bound: number, slack = 0): boolean {
  return is === 'at most' ? value <= bound * (1 + slack) : value >= bound * (1 - slack)
}

/** What was reached of it, in one word. */
export function reached(goal: LoadGoal, { median }: Spread): 'aim' | 'must' | 'missed' {
  if (isKept(goal, median, goal.aim)) return 'aim'
  return isKept(goal, median, goal.must) ? 'must' : 'missed'
}

const HEAD = ['Figure', 'Median', 'Min', 'Max', 'Must', 'Aim', 'Must held', 'Aim reached']

/** What is promised of the whole, and what the last runs found. */
export function goalsTable(figures: Figures): string {
  const rows = LOAD_GOALS.map((goal) => {
    const found = figures[goal.figure]
    const sign = goal.is === 'at most' ? '≤' : '≥'
    const bounds = [`${sign} ${goal.must}${goal.unit}`, `${sign} ${goal.aim}${goal.unit}`]
    if (found === undefined) return [goal.name, 'not measured', '', '', ...bounds, '', '']
    const { median, min, max } = found
    const numbers = [`**${round(median)}${goal.unit}**`, round(min), round(max)]
    const held = isKept(goal, found.median, goal.must) ? 'yes' : '**no**'
    return [goal.name, ...numbers, ...bounds, held, reached(goal, found) === 'aim' ? 'yes' : 'no']
  })
  const missed = LOAD_GOALS.flatMap((goal) => {
    const found = figures[goal.figure]
    if (found === undefined || reached(goal, found) !== 'missed') return []
    return [`- ${goal.name}: ${round(found.median)}${goal.unit}. ${goal.why}`]
  })
  const table = tableOf(HEAD, rows, [0, 6, 7])
  return [
    table,
    ...(missed.length === 0 ? [] : ['### Where it is missed', missed.join('\n')]),
  ].join('\n\n')
}

/** Three digits that count, or all before the point. */
export function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

/** What the README says of speed: nothing that is not a row of the table of promises. */
export function claimsText(figures: Figures): string {
  const claims = CLAIMS.flatMap(({ figure, say }) => {
    const found = figures[figure]
    return found === undefined ? [] : [say(round(found.median))]
  })
  const more = '[Measured by one command](BENCHMARKS.md), with where we lose, and why.'
  return claims.length === 0 ? more : `${claims.join('; ')}. ${more}`
}

const CLAIMS: readonly { figure: Figure; say: (number: string) => string }[] = [
  {
    figure: 'engine ratio',
    say: (times) =>
      `A session hit takes ${times} times the CPU of the bare engine that sends the same bytes`,
  },
  {
    figure: 'rival ratio',
    say: (times) => `a core answers ${times} times as many requests as one with the best rival`,
  },
  {
    figure: 'p99.9 at half',
    say: (ms) => `at half of the capacity 999 of 1,000 are answered within ${ms} ms`,
  },
]

/** Rewrites one part of BENCHMARKS.md, the table of promises, and what the README says of it. */
export function writePart(name: string, content: string, figures: Figures): void {
  writeFileSync(PAGE, replaceBetween(readFileSync(PAGE, 'utf8'), name, content))
  writePromises(keepFigures(figures))
}

/** The same without measuring: from what is kept. */
export function writePromises(figures: Figures = readKept()?.figures ?? {}): void {
  writeFileSync(PAGE, replaceBetween(readFileSync(PAGE, 'utf8'), 'goals', goalsTable(figures)))
  const readme = readFileSync(README, 'utf8')
  writeFileSync(README, replaceBetween(readme, 'claims', claimsText(figures)))
}
