import { LOAD_GOALS, SLACK } from '../budget.ts'
import type { Result, Task } from '../run.ts'
import { isKept, round } from './figures.ts'
import { measureHitFigures } from './hit-benchmark.ts'

/** The promises that a session hit alone answers for; fails where one is missed by far. */
export async function benchBudget(task: Task): Promise<Result> {
  const figures = await measureHitFigures(task)
  const rows = LOAD_GOALS.flatMap((goal) => {
    const found = figures[goal.figure]
    if (found === undefined) return []
    const passes = isKept(goal, found.median, goal.must, SLACK)
    return [{ name: goal.name, is: goal.is, must: goal.must, unit: goal.unit, ...found, passes }]
  })
  return {
    report: { ...task.setting, rows, slack: SLACK },
    lines: rows.map(
      ({ name, is, must, unit, median, min, max, passes }) =>
        `${passes ? 'passes' : 'FAILED'} ${name}: ${round(median)}${unit} ` +
        `(${round(min)}–${round(max)}), ${is} ${must}${unit}`,
    ),
    passes: rows.every(({ passes }) => passes),
  }
}
