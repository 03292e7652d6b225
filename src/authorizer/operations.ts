import type { DialectName } from '../core/check.ts'
import type { WonderedRequest } from '../core/explanation.ts'
import type { DecisionQuery, KeptDecision } from '../core/kept.ts'
import { REASONS, type Reason } from '../core/reason.ts'
import { runOf, spellId } from '../gateway/decision-id.ts'
import type { Operation, OperationAnswer } from '../telemetry/ops.ts'
import { readExplainQuestion } from './explain-request.ts'
import type { ShadowReport } from './shadow.ts'

/** What an operator may want to know of a worker; plain data, because it may be another process. */
export type Question =
  | { readonly kind: 'decisions'; readonly query: DecisionQuery }
  | { readonly kind: 'decision'; readonly id: string }
  | { readonly kind: 'shadow' }
  /** Either a decision that was made, or a request to wonder about. */
  | { readonly kind: 'explain'; readonly id: string; readonly dialect: DialectName | undefined }
  | { readonly kind: 'explain'; readonly id: undefined; readonly request: WonderedRequest }

/** Whoever answers: a worker itself, or its supervisor for all. Never rejects. */
export type Ask = (question: Question) => Promise<OperationAnswer>

export const FAILED: OperationAnswer = {
  status: 503,
  value: { error: 'the worker did not answer; ask again' },
}

const LIMIT_FALLBACK = 50
const LIMIT_MAX = 1000

/** The pages of the ops listener that show decisions. */
export function createOperations(ask: Ask): readonly Operation[] {
  return [
    {
      method: 'GET',
      path: '/decisions',
      async answer({ query }) {
        const read = readQuery(query)
        return 'problem' in read ? refuse(read.problem) : ask({ kind: 'decisions', query: read })
      },
    },
    { method: 'GET', path: '/shadow', answer: () => ask({ kind: 'shadow' }) },
    {
      method: 'GET',
      path: '/decisions/',
      async answer({ rest }) {
        const id = spellId(rest)
        return runOf(id) === undefined ? refuse(NO_ID) : ask({ kind: 'decision', id })
      },
    },
    {
      method: 'POST',
      path: '/explain',
      async answer({ body }) {
        const read = readExplainQuestion(body)
        if ('problems' in read) return refuse(read.problems.join('; '))
        if (read.id === undefined) return ask({ kind: 'explain', ...read })
        const id = spellId(read.id)
        return runOf(id) === undefined ? refuse(NO_ID) : ask({ kind: 'explain', ...read, id })
      },
    },
  ]
}

const NO_ID = 'a decision id is 13 letters and digits, as X-Decision-Id has it'

/** No such decision, or one that was overwritten. */
export function unknownDecision(id: string): OperationAnswer {
  const error =
    `no decision ${id} is kept: it is too old, of another authorizer, ` +
    'or of a worker that has ended'
  return { status: 404, value: { error } }
}

function refuse(error: string): OperationAnswer {
  return { status: 400, value: { error } }
}

function readQuery(query: URLSearchParams): DecisionQuery | { readonly problem: string } {
  const known = ['limit', 'reason', 'path', 'uid']
  for (const key of query.keys()) {
    if (!known.includes(key)) return { problem: `${key} is not one of ${known.join(', ')}` }
    if (query.getAll(key).length > 1) return { problem: `${key} was given twice` }
  }
  const limit = query.get('limit') ?? String(LIMIT_FALLBACK)
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > LIMIT_MAX) {
    return { problem: `limit is a number from 1 to ${LIMIT_MAX}` }
  }
  const reason = readReason(query.get('reason'))
  if (reason === null) return { problem: 'reason is none or a code of docs/reasons.md' }
  const path = query.get('path') ?? undefined
  const uid = query.get('uid') ?? undefined
  return { limit: Number(limit), reason, path, uid }
}

/** With or without its prefix; null if there is none of this name. */
function readReason(text: string | null): Reason | 'none' | undefined | null {
  if (text === null) return undefined
  if (text === 'none') return text
  const code = text.startsWith('authz.') ? text : `authz.${text}`
  return Object.hasOwn(REASONS, code) ? (code as Reason) : null
}

/** What several workers kept, as if one had. */
export function mergeDecisions(
  answers: readonly OperationAnswer[],
  limit: number,
): OperationAnswer {
  const lists = answers.filter(({ status }) => status === 200)
  if (lists.length === 0) return answers[0] ?? FAILED
  const decisions = lists.flatMap(
    ({ value }) => (value as { decisions: readonly KeptDecision[] }).decisions,
  )
  decisions.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
  return { status: 200, value: { decisions: decisions.slice(0, limit) } }
}

/** What several workers' shadows saw, as if it had been one. */
export function mergeShadows(answers: readonly OperationAnswer[]): OperationAnswer {
  const reports = answers
    .filter(({ status }) => status === 200)
    .map(({ value }) => value as ShadowReport)
  const [first] = reports
  if (first === undefined) return answers[0] ?? FAILED
  const differences = new Map<string, ShadowReport['differences'][number]>()
  for (const one of reports.flatMap((report) => report.differences)) {
    const name = `${one.from} ${one.to}`
    const count = one.count + (differences.get(name)?.count ?? 0)
    differences.set(name, { ...one, count })
  }
  const last = reports.flatMap((report) => report.last)
  last.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
  const value: ShadowReport = {
    file: first.file,
    isInForce: reports.every(({ isInForce }) => isInForce),
    problems: [...new Set(reports.flatMap(({ problems }) => problems))],
    compared: reports.reduce((sum, { compared }) => sum + compared, 0),
    differences: [...differences.values()],
    last: last.slice(0, SHOWN_MAX),
  }
  return { status: 200, value }
}

/** Differences shown at once, of all workers together. */
const SHOWN_MAX = 100

export const NO_SHADOW: OperationAnswer = {
  status: 404,
  value: { error: 'no policy runs in the shadow; set DVARA_SHADOW_POLICY_FILE' },
}
