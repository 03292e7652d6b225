import type { ListenAddress } from '../config/parsers.ts'
import { parseAddress } from '../core/address.ts'
import type { KeptDecision } from '../core/kept.ts'
import {
  type Candidate,
  type Outcome,
  reconsider,
  type TriedRestrictions,
} from '../core/reconsider.ts'
import { compileRestrictions } from '../core/restriction.ts'
import { compileRoutes } from '../core/route.ts'
import { compileRules } from '../core/rule.ts'
import { openGeo } from '../store/geo.ts'
import { loadRouteTable } from '../store/routes.ts'
import { askOps } from './ask-ops.ts'
import {
  openPolicySource,
  type PolicyCommand,
  type PolicySource,
  problemsOf,
} from './policy-source.ts'
import { shipped } from './release.ts'

export interface DiffCommand extends PolicyCommand {
  readonly last: string
  readonly isChangeFailure: boolean
}

/** Decisions that would change in the same way. */
interface Change {
  readonly from: Outcome
  readonly to: Outcome | 'unknown'
  count: number
  readonly examples: string[]
}

const EXAMPLES_MAX = 3
const ANSWER_MS_MAX = 10_000

/** Tries a policy on the last decisions. Exit 1 if asked to mind changes and there are some. */
export async function diffPolicy(given: DiffCommand): Promise<number> {
  const source = await openPolicySource(given)
  const problems = problemsOf(given, source)
  if (!/^[1-9]\d{0,3}$/.test(given.last) || Number(given.last) > 1000) {
    problems.push('--last must be a number from 1 to 1000')
  }
  const restrictions = await openRestrictions(given, source, problems)
  if (problems.length > 0) {
    process.stderr.write(`${problems.map((text) => `dvara policy: ${text}`).join('\n')}\n`)
    return 2
  }
  const decisions = await askDecisions(given.config.opsListen, Number(given.last))
  const { routes, permissions } = source
  const candidate: Candidate = {
    routes: routes.table === undefined ? undefined : compileRoutes(routes.table),
    rules: permissions === undefined ? undefined : compileRules(permissions).rules,
    restrictions,
    isCsrfRequired: given.config.csrfProtection,
  }
  const changes = compare(decisions, candidate)
  const unknown = changes.filter(({ to }) => to === 'unknown')
  const certain = changes.filter(({ to }) => to !== 'unknown')
  if (given.isJson) {
    const value = { decisions: decisions.length, changes: certain, unknown }
    given.print(`${JSON.stringify(value, null, 2)}\n`)
  } else given.print(render(decisions.length, certain, unknown))
  return given.isChangeFailure && changes.length > 0 ? 1 : 0
}

/** Those of the file, and of the settings what they are asked with: places, and live routes. */
async function openRestrictions(
  { config }: DiffCommand,
  { routes }: PolicySource,
  problems: string[],
): Promise<TriedRestrictions | undefined> {
  if (routes.restrictions === undefined) return undefined
  const read = await loadRouteTable(config.policyFile ?? shipped.policyFile)
  if ('problems' in read) {
    problems.push(...read.problems)
    return undefined
  }
  const live = compileRoutes(read.table)
  const { findPlace } = await openGeo({
    file: config.geoipFile,
    isMissingIgnored: config.geoipMissing === 'ignore',
    staleAfterMs: config.geoipStaleS * 1000,
    nowMs: Date.now,
    onChange(change) {
      if (change.outcome === 'refused') problems.push(change.problem)
    },
  })
  const rows = compileRestrictions(routes.restrictions).restrictions
  return { rows, findPlace, liveRoutes: () => live }
}

function compare(decisions: readonly KeptDecision[], candidate: Candidate): Change[] {
  const changes = new Map<string, Change>()
  for (const decision of decisions) {
    const { method, path, role, credential, hasCsrfToken } = decision
    const address = parseAddress(decision.address ?? '')
    if (method === null || path === null) continue
    const from = decision.reason ?? 'none'
    const judged = { method, path, address, role: role ?? undefined, credential, hasCsrfToken }
    const to = reconsider({ ...judged, outcome: from }, candidate)
    if (to === from) continue
    const name = `${from} ${to}`
    const change = changes.get(name) ?? { from, to, count: 0, examples: [] }
    changes.set(name, change)
    change.count++
    const example = `${decision.id} ${role ?? 'nobody'} ${method} ${path}`
    if (change.examples.length < EXAMPLES_MAX) change.examples.push(example)
  }
  return [...changes.values()].sort((one, other) => other.count - one.count)
}

const word = (outcome: Outcome | 'unknown') => (outcome === 'none' ? 'allow' : outcome)

function render(count: number, certain: readonly Change[], unknown: readonly Change[]): string {
  const total = certain.reduce((sum, change) => sum + change.count, 0)
  const lines = [`${total} of ${count} decisions would change`]
  for (const change of [...certain, ...unknown]) {
    const to = change.to === 'unknown' ? 'not known: nobody was identified then' : word(change.to)
    lines.push('', `${String(change.count).padStart(6)}  ${word(change.from)} -> ${to}`)
    lines.push(...change.examples.map((example) => `        ${example}`))
  }
  return `${lines.join('\n')}\n`
}

/** The last decisions of the authorizer behind this address, newest first. */
async function askDecisions(place: ListenAddress, last: number): Promise<KeptDecision[]> {
  try {
    const question = { path: `/decisions?limit=${last}`, withinMs: ANSWER_MS_MAX }
    const { status, text } = await askOps(place, question)
    if (status !== 200) throw new Error(`status ${status}`)
    return readDecisions(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const error = new Error(`the authorizer did not tell its decisions: ${why} (DVARA_OPS_LISTEN)`)
    error.name = 'PolicyError'
    throw error
  }
}

function readDecisions(text: string): KeptDecision[] {
  try {
    const { decisions } = JSON.parse(text) as { decisions?: KeptDecision[] }
    if (Array.isArray(decisions)) return decisions
  } catch {
    // Said below: whoever answered, it was somebody else.
  }
  throw new Error('it is no ops listener of an authorizer')
}
