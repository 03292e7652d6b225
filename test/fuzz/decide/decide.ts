import type { Answer } from '../../../src/core/verdict.ts'
import { judge } from '../../reference/authorize.ts'
import { createHistory } from '../../reference/history.ts'
import type { Judgement, World } from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'
import type { DecideCase, Question } from './case.ts'
import { createCorridor } from './corridor.ts'
import { drawQuestion } from './draw-question.ts'
import { drawWorld } from './draw-world.ts'

/** A world costs as much as some dozens of questions. */
const QUESTIONS_PER_WORLD = 256

export const decideTarget = target<DecideCase>({
  name: 'decide',
  about: 'the whole corridor, in every dialect, against the plain reference',
  share: 1,
  start: () => ({
    draw: drawCase,
    inputsOf: ({ questions }) => questions.length,
    judge: ({ world, questions }) => compare(world, questions),
    narrow,
  }),
})

function drawCase(dice: Dice): DecideCase {
  const world = drawWorld(dice)
  const questions = Array.from({ length: QUESTIONS_PER_WORLD }, () => drawQuestion(dice, world))
  return { world: world as World & Input, questions: questions as (Question & Input)[] }
}

/** The first question to which the two have different answers. */
async function compare(world: World, questions: readonly Question[]): Promise<string | undefined> {
  const corridor = createCorridor(world)
  const history = createHistory()
  try {
    for (const [at, question] of questions.entries()) {
      const asked = corridor.ask(question)
      const answer = asked instanceof Promise ? await asked : asked
      const expected = judge(world, history, question)
      if (!isAlike(answer, expected)) {
        return `question ${at}: ${JSON.stringify(answer)} is not ${JSON.stringify(expected)}`
      }
    }
    return undefined
  } finally {
    corridor.close()
  }
}

function isAlike(answer: Answer, expected: Judgement): boolean {
  if (answer.kind === 'deny') {
    if (expected.kind !== 'deny' || answer.reason !== expected.reason) return false
    return answer.status === expected.status
  }
  const { authorization, user, role } = answer
  if (expected.kind === 'anyone') return authorization === '' && user === '' && role === ''
  if (expected.kind === 'deny' || user !== expected.user || role !== expected.role) return false
  return String(authorization).replace('"jti":"j",', '') === JSON.stringify(expected.claims)
}

/** The same disagreement with as few questions as it takes. */
async function narrow({ world, questions }: DecideCase): Promise<DecideCase> {
  let kept = questions
  for (let at = kept.length - 1; at >= 0; at--) {
    const fewer = kept.filter((_, other) => other !== at)
    const reason = await compare(world, fewer).catch(() => 'threw')
    if (reason !== undefined) kept = fewer
  }
  return { world, questions: kept }
}
