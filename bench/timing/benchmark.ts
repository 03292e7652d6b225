import { TIMING_T_MAX } from '../budget.ts'
import type { Result, Task } from '../run.ts'
import type { Verdict } from './dudect.ts'
import { judge, measureT } from './dudect.ts'
import { CONTROL, SUBJECTS } from './subjects.ts'

/** Whether any secret shows in how long its function takes: under half a minute if quiet. */
export async function benchTiming({ setting, say }: Task): Promise<Result> {
  const controlT = measureT(CONTROL)
  const isSeeing = controlT >= TIMING_T_MAX
  say(`${CONTROL.name}: |t| = ${controlT.toFixed(1)}`)
  const rows = SUBJECTS.map((subject) =>
    judge(subject, ({ t, samples }) => {
      const next = t < TIMING_T_MAX ? '' : ', above the bound: once more with four times as many'
      say(`${subject.name}: |t| = ${t.toFixed(2)} of ${samples} samples${next}`)
    }),
  )
  const passes = isSeeing && rows.every((row) => row.passes)
  return {
    report: {
      rows,
      control: { name: CONTROL.name, t: controlT, isFoundOut: isSeeing },
      tMax: TIMING_T_MAX,
      ...setting,
    },
    lines: [
      ...rows.map(describe),
      isSeeing
        ? `the control was found out (|t| = ${controlT.toFixed(1)}), as it must be`
        : 'FAILED: the control was not found out, so this run can tell nothing',
      ...(setting.pinned.startsWith('not') ? [setting.pinned] : []),
    ],
    passes,
  }
}

function describe({ name, t, passes, samples, attempts }: Verdict): string {
  const before = attempts.slice(0, -1).map((each) => each.toFixed(2))
  const note = before.length === 0 ? '' : `, after ${before.join(' and ')} with fewer samples`
  const verdict = passes ? 'passes' : 'FAILED'
  return `${verdict} ${name}: |t| = ${t.toFixed(2)} of ${samples} samples${note}`
}
