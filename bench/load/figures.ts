import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import { type Figure, LOAD_GOALS, type LoadGoal } from '../budget.ts'
import { replaceBetween, tableOf } from '../document.ts'
import type { Spread } from './measure.ts'

/** What one run found of the promised figures; only those that it measured. */
export type Figures = Readonly<Partial<Record<Figure, Spread>>>

const KEPT = join(projectRoot, 'bench', 'results', 'figures.json')
export const PAGE = join(projectRoot, 'BENCHMARKS.md')

/** The latest of every figure, with these among them. */
export function keepFigures(figures: Figures): Figures {
  const before = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Figures) : {}
  const all = { ...before, ...figures }
  mkdirSync(dirname(KEPT), { recursive: true })
  writeFileSync(KEPT, `${JSON.stringify(all, undefined, 2)}\n`)
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

/** What is promised of the whole, and what the last runs found. */
export function goalsTable(figures: Figures): string {
  const rows = LOAD_GOALS.map((goal) => {
    const found = figures[goal.figure]
    const sign = goal.is === 'at most' ? '≤' : '≥'
    const bounds = [`${sign} ${goal.must}${goal.unit}`, `${sign} ${goal.aim}${goal.unit}`]
    if (found === undefined) return [goal.name, 'not measured', '', '', ...bounds, '']
    const { median, min, max } = found
    const numbers = [`**${round(median)}${goal.unit}**`, round(min), round(max)]
    return [goal.name, ...numbers, ...bounds, reached(goal, found)]
  })
  const missed = LOAD_GOALS.flatMap((goal) => {
    const found = figures[goal.figure]
    if (found === undefined || reached(goal, found) !== 'missed') return []
    return [`- ${goal.name}: ${round(found.median)}${goal.unit}. ${goal.why}`]
  })
  const table = tableOf(['Figure', 'Median', 'Min', 'Max', 'Must', 'Aim', 'Reached'], rows, [0, 6])
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

/** Rewrites one part of BENCHMARKS.md, and the table of promises. */
export function writePart(name: string, content: string, figures: Figures): void {
  let page = readFileSync(PAGE, 'utf8')
  page = replaceBetween(page, name, content)
  page = replaceBetween(page, 'goals', goalsTable(keepFigures(figures)))
  writeFileSync(PAGE, page)
}
