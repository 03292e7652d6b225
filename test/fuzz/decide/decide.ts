import type { Activity } from '../../../src/core/activity.ts'
import { REASONS } from '../../../src/core/reason.ts'
import type { Answer } from '../../../src/core/verdict.ts'
import { toldBy } from '../../core/granted.ts'
import { judge } from '../../reference/authorize.ts'
import { createHistory } from '../../reference/history.ts'
import type { ActivityRow, Judgement, World } from '../../reference/world.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'
import type { DecideCase, Question } from './case.ts'
import { type Corridor, createCorridor } from './corridor.ts'
import { drawQuestion } from './draw-question.ts'
import { drawWorld } from './draw-world.ts'
import { vary } from './vary.ts'

/** A world costs as much as some hundreds of questions. */
const QUESTIONS_PER_WORLD = 1024
/** How many questions are asked that differ from one that was drawn in one thing each. */
const VARIATIONS_MAX = 8

/** Refusals that these worlds have no use for, and who tries them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'authz.untrusted_gateway': 'the listener refuses before anything is read',
  'authz.rate_limited.address': 'buckets have a clock of their own, and tests of their own',
  'authz.rate_limited.key': 'as above',
  'authz.rate_limited.principal': 'as above',
  'authz.rate_limited.route': 'as above',
  'authz.nonces_exhausted': 'ten thousand requests of one key; see the target `burn`',
}

const OUTCOMES = [
  ...['allow', 'anyone', 'succeed', 'denied'],
  ...Object.keys(REASONS).filter((reason) => !(reason in ELSEWHERE)),
]

export const decideTarget = target<DecideCase>({
  name: 'decide',
  about: 'the whole corridor, in every dialect, against the plain reference',
  share: 1,
  outcomes: OUTCOMES,
  start() {
    const seen = new Map<string, number>()
    return {
      draw: drawCase,
      inputsOf: ({ questions }) => questions.length,
      judge: ({ world, questions }) => compare(world, questions, seen),
      narrow,
      seen: () => seen,
    }
  },
})

function drawCase(dice: Dice): DecideCase {
  const world = drawWorld(dice)
  const questions: Question[] = []
  while (questions.length < QUESTIONS_PER_WORLD) {
    const question = drawQuestion(dice, world)
    questions.push(question)
    for (let count = dice.below(VARIATIONS_MAX + 1); count > 0; count--) {
      questions.push(vary(dice, world, question))
    }
  }
  return { world: world as World & Input, questions: questions as (Question & Input)[] }
}

/** The first question to which the two have different answers. */
async function compare(
  world: World,
  questions: readonly Question[],
  seen: Map<string, number>,
): Promise<string | undefined> {
  const corridor = createCorridor(world)
  const history = createHistory()
  try {
    for (const [at, question] of questions.entries()) {
      const asked = corridor.ask(question)
      const answer = asked instanceof Promise ? await asked : asked
      const expected = judge(world, history, question)
      const activity = corridor.activity(answer)
      count(seen, expected)
      if (!isAlike(answer, expected, corridor) || !isRecorded(activity, expected)) {
        const found = JSON.stringify({ answer, claims: corridor.claims(), activity })
        return `question ${at}: ${found} is not ${JSON.stringify(expected)}`
      }
    }
    return undefined
  } finally {
    corridor.close()
  }
}

function count(seen: Map<string, number>, expected: Judgement): void {
  const name = expected.kind === 'deny' ? expected.reason : expected.kind
  seen.set(name, (seen.get(name) ?? 0) + 1)
  if (expected.kind === 'anyone' || expected.activity === undefined) return
  const { result } = expected.activity
  seen.set(result, (seen.get(result) ?? 0) + 1)
}

/** Another one in every token. Quotation marks within a value have a backslash before them. */
const JTI = /"jti":"[\w-]{20,}",/

function isAlike(answer: Answer, expected: Judgement, corridor: Corridor): boolean {
  if (answer.kind === 'deny') {
    if (expected.kind !== 'deny' || answer.reason !== expected.reason) return false
    return answer.status === expected.status
  }
  const { authorization, user, role } = toldBy(answer)
  if (expected.kind === 'anyone') return authorization === '' && user === '' && role === ''
  if (expected.kind === 'deny' || user !== expected.user || role !== expected.role) return false
  return corridor.claims().replace(JTI, '') === JSON.stringify(expected.claims)
}

function isRecorded(activity: Activity | undefined, expected: Judgement): boolean {
  const wanted = expected.kind === 'anyone' ? undefined : expected.activity
  if (activity === undefined || wanted === undefined) return activity === wanted
  const names = Object.keys(wanted) as (keyof ActivityRow)[]
  return names.every((name) => activity[name] === wanted[name])
}

/** The same disagreement with as few questions as it takes. */
async function narrow({ world, questions }: DecideCase): Promise<DecideCase> {
  const isWrong = async (fewer: readonly Question[]) =>
    (await compare(world, fewer, new Map()).catch(() => 'threw')) !== undefined
  let kept = questions
  for (let size = QUESTIONS_PER_WORLD; size >= 1; size = Math.floor(size / 2)) {
    for (let from = kept.length - size; from > -size; from -= size) {
      const fewer = [...kept.slice(0, Math.max(0, from)), ...kept.slice(from + size)]
      if (fewer.length < kept.length && (await isWrong(fewer))) kept = fewer
    }
  }
  return { world, questions: kept }
}
