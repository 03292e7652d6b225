import type { Step, Trace } from '../core/explain.ts'
import type { Explanation, WordedAnswer } from '../core/explanation.ts'
import type { KeptDecision } from '../core/kept.ts'
import { REASONS } from '../core/reason.ts'
import type { Row } from '../core/row.ts'

const MARKS: Readonly<Record<Step['outcome'], string>> = {
  pass: '✓',
  allow: '✓',
  deny: '✗',
  skip: '·',
}
const NAME_COLUMNS = 13

/** An explanation for a terminal. `isWhole`: each answer with its headers and body. */
export function renderExplanation(explanation: Explanation, isWhole: boolean): string {
  const { request, assumed, decision, trace, differs, next, token, answers } = explanation
  const lines: string[] = []
  if (decision !== null) lines.push(...renderDecision(decision), '', 'Asked again now:')
  lines.push(`${request.method} ${request.path} as ${request.as}, from ${request.address}`)
  for (const what of assumed) lines.push(`  assumed: ${what}`)
  lines.push('', ...trace.steps.flatMap((step) => renderStep(step, trace)), '')
  lines.push(renderVerdict(trace))
  if (decision !== null) lines.push(...renderDifferences(differs))
  if (next !== '') lines.push(`What to do: ${next}`)
  if (token !== null) lines.push('', 'The token would say:', `  ${JSON.stringify(token)}`)
  lines.push('', ...renderAnswers(answers, isWhole), renderWorker(explanation))
  return `${lines.map(printable).join('\n')}\n`
}

function renderDecision(decision: KeptDecision): string[] {
  const { id, at, reason, about, dialect, uid, role, state, session, kid } = decision
  const said = reason === null ? 'allowed' : `denied, ${reason}`
  const lines = [`Decision ${id}, ${at}: ${said}`]
  if (reason !== null) lines.push(`  ${REASONS[reason].means}`)
  const request = decision.method === null ? 'unread' : `${decision.method} ${decision.path}`
  lines.push(`  request     ${request} from ${decision.address ?? 'nobody known'}, by ${dialect}`)
  const whose = uid === null ? 'of nobody known' : `of ${uid} (${role}, ${state})`
  const which = session ?? kid
  const credential = which === null ? decision.credential : `${decision.credential} ${which}`
  lines.push(`  credential  ${credential} ${whose}`)
  if (about !== null) lines.push(`  about       ${about}`)
  if (decision.row !== null) lines.push(`  row         ${decision.row.says}`)
  const where = decision.source === 'none' ? 'nothing looked up' : `facts from ${decision.source}`
  const world = `entry ${decision.seq} of the log, policy ${decision.policyVersion}`
  lines.push(`  rests on    ${where}; ${world}; ${decision.elapsedUs} µs`)
  return lines
}

function renderStep(step: Step, { decidedBy }: Trace): string[] {
  const { name, outcome, reason, says, rows, facts } = step
  const isLater = decidedBy !== null && outcome === 'deny' && name !== decidedBy
  const code = reason === null ? '' : `  ${reason}${isLater ? ', were it asked' : ''}`
  const lines = [`  ${MARKS[outcome]} ${name.padEnd(NAME_COLUMNS)} ${says}${code}`]
  const indent = ' '.repeat(NAME_COLUMNS + 5)
  for (const row of rows) {
    const mark = row.decides ? '→' : ' '
    lines.push(`${indent}${mark} ${isNumbered(row) ? `${row.id}: ` : ''}${row.says}`)
  }
  const known = Object.entries(facts).map(([key, value]) => `${spaced(key)} ${value}`)
  if (known.length > 0) lines.push(`${indent}  ${known.join(', ')}`)
  return lines
}

/** `endsInSeconds` is `ends in seconds`. */
function spaced(key: string): string {
  return key.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
}

function renderVerdict({ verdict, reason, decidedBy, row }: Trace): string {
  const why = row === null ? '' : `, by ${nameRow(row)}`
  if (verdict === 'deny') return `Denied: ${reason}${why || `, by the step ${decidedBy}`}`
  return `Allowed${why}`
}

function isNumbered({ kind }: Pick<Row, 'kind'>): boolean {
  return kind === 'permission' || kind === 'restriction'
}

/** Rows of the store have numbers; the others are what they say. */
function nameRow({ kind, id, says }: Row): string {
  return isNumbered({ kind }) ? `${kind} ${id} (${says})` : says
}

function renderDifferences(differs: readonly string[]): string[] {
  if (differs.length === 0) return ['Nothing differs from the decision.']
  return ['What differs from the decision:', ...differs.map((each) => `  ${each}`)]
}

function renderAnswers(answers: readonly WordedAnswer[], isWhole: boolean): string[] {
  if (!isWhole && answers.length > 1) {
    const statuses = answers.map(({ dialect, status }) => `${dialect} ${status}`)
    return [`Gateways are told: ${statuses.join(', ')}`]
  }
  return answers.flatMap(({ dialect, status, headers, body }) => [
    `${dialect} is told ${status}`,
    ...headers.map((line) => `  ${line}`),
    ...(body === '' ? [] : [`  ${body}`]),
  ])
}

function renderWorker({ worker }: Explanation): string {
  const { run, policyVersion, seq, leaseRemainingMs } = worker
  const lease = `lease for ${leaseRemainingMs} ms`
  return `Worker ${run}: policy ${policyVersion}, entry ${seq} of the log, ${lease}`
}

/** Clients choose paths: nothing of theirs may steer a terminal. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) as number).toString(16)}}`
  })
}
