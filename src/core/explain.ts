import { isSameNetwork } from './address.ts'
import { type Check, isSafeMethod } from './check.ts'
import type { Credential } from './credential.ts'
import { isSameSecret } from './decide.ts'
import { readTarget } from './path.ts'
import type { Policy } from './policy.ts'
import type { Facts } from './principal.ts'
import type { Reason } from './reason.ts'
import { listRoutes } from './route.ts'
import type { Row, RowKind } from './row.ts'
import { listMatchingRows, type Permission } from './rule.ts'

/** A number of seconds, a name, a yes or no: what a step looked at. */
export type Fact = string | number | boolean | null

/** One step of the corridor, in words. */
export interface Step {
  readonly name: string
  /** `skip`: it was not asked, because an earlier step let pass or there is nothing to ask it. */
  readonly outcome: 'pass' | 'deny' | 'allow' | 'skip'
  /** Where it denies. */
  readonly reason: Reason | null
  readonly says: string
  /** Every row that matched. */
  readonly rows: readonly TracedRow[]
  readonly facts: Readonly<Record<string, Fact>>
}

export interface TracedRow extends Row {
  /** Whether this row is why the step came out as it did. */
  readonly decides: boolean
}

/** Every step with what it found. The first that denies or allows is the verdict. */
export interface Trace {
  readonly verdict: 'allow' | 'deny'
  readonly reason: Reason | null
  /** The step that decided; null if all passed. */
  readonly decidedBy: string | null
  readonly row: Row | null
  readonly steps: readonly Step[]
}

export interface Explained {
  readonly check: Check
  readonly policy: Policy
  readonly credential: Credential
  /** Of the session; undefined if there is none. */
  readonly facts: Facts | undefined
  readonly nowMs: number
}

/**
 * The pure steps of the corridor, slowly and one by one. A step after the one that denied is
 * asked all the same: what else would be wrong is worth knowing.
 */
export function explain(asked: Explained): Trace {
  const [route, shown] = explainScreen(asked)
  if (route.outcome !== 'allow') {
    return traceOf([route, shown, csrf(asked), ...sessionSteps(asked)])
  }
  const rest = SESSION_STEPS.map((name) => skipped(name, NOBODY))
  return traceOf([route, ...rest])
}

/** The steps that come before it matters what the credential is. */
export function explainScreen(asked: Matched & Pick<Explained, 'credential'>): [Step, Step] {
  const route = routes(asked)
  const isOpen = route.outcome === 'allow'
  return [route, isOpen ? skipped('credential', NOBODY) : credential(asked.credential)]
}

const NOBODY = 'asked of nobody here'

const SESSION_STEPS = ['credential', 'csrf', 'session', 'idle', 'binding', 'state', 'permissions']

/** The verdict of these steps together. */
export function traceOf(steps: readonly Step[]): Trace {
  const decisive = steps.find(({ outcome }) => outcome === 'deny' || outcome === 'allow')
  // Where all pass, it is the rule that let it pass: the others only did not object.
  const last = decisive ?? steps.find(({ name }) => name === 'permissions')
  const row = last?.rows.find(({ decides }) => decides)
  return {
    verdict: decisive?.outcome === 'deny' ? 'deny' : 'allow',
    reason: decisive?.reason ?? null,
    decidedBy: decisive?.name ?? null,
    row: row === undefined ? null : { kind: row.kind, id: row.id, says: row.says },
    steps,
  }
}

/** The row that decided about a request of which this much is known; undefined if none did. */
export function findDecidingRow(
  policy: Policy,
  known: { method: string; path: string; role: string | undefined; reason: Reason | 'none' },
): Row | undefined {
  const { method, path, role, reason } = known
  const target = readTarget(path)
  if (target === undefined) return undefined
  const check = { method, path: target.path, foldedPath: target.foldedPath }
  if (reason === 'authz.permission_denied' || (reason === 'none' && role === undefined)) {
    return traceOf([routes({ check, policy })]).row ?? undefined
  }
  if (role === undefined || (reason !== 'none' && reason !== 'authz.invalid_permission')) {
    return undefined
  }
  return traceOf([permissions({ check, policy }, role)]).row ?? undefined
}

/** The part of a question that rows are matched on. */
interface Matched {
  readonly check: Pick<Check, 'method' | 'path' | 'foldedPath'>
  readonly policy: Policy
}

function routes({ check, policy }: Matched): Step {
  const found = listRoutes(policy.routes.table, check.path, check.foldedPath)
  const decideBy = (kind: RowKind): TracedRow[] =>
    found.map((row) => ({ ...row, decides: row.kind === kind }))
  const has = (kind: RowKind): boolean => found.some((row) => row.kind === kind)
  if (has('blocked')) {
    return { ...denied('routes', 'authz.permission_denied', 'blocked'), rows: decideBy('blocked') }
  }
  if (has('preflight') && check.method === 'OPTIONS') {
    return { ...allowed('routes', 'a pre-flight, open to anyone'), rows: decideBy('preflight') }
  }
  if (has('public')) {
    return { ...allowed('routes', 'open to anyone'), rows: decideBy('public') }
  }
  const rows = found.map((row) => ({ ...row, decides: false }))
  return { ...passed('routes', 'neither blocked nor open to anyone'), rows }
}

const SAYS: Readonly<Record<Credential['kind'], string>> = {
  none: 'no session cookie and no API key',
  session: 'a session cookie',
  forged: 'a session cookie that cannot be one of ours',
  ambiguous: 'the session cookie more than once, with different values',
  api_key: 'the headers of an API key',
}

function credential({ kind }: Credential): Step {
  if (kind === 'ambiguous') return denied('credential', 'authz.ambiguous_credential', SAYS[kind])
  return passed('credential', SAYS[kind])
}

function csrf({ check, policy, facts }: Explained): Step {
  if (!policy.isCsrfRequired) return passed('csrf', 'not asked for by the settings')
  if (isSafeMethod(check.method)) return passed('csrf', `${check.method} changes nothing`)
  if (check.csrfToken === undefined) {
    return denied('csrf', 'authz.missing_csrf_token', `${check.method} without X-CSRF-Token`)
  }
  if (facts === undefined) {
    return denied('csrf', 'authz.csrf_token_mismatch', 'a token, and no session that it is of')
  }
  const isSame = isSameSecret(check.csrfToken, facts.session.csrfToken)
  if (isSame) return passed('csrf', 'the token of this session')
  return denied('csrf', 'authz.csrf_token_mismatch', 'a token that is not of this session')
}

function sessionSteps(asked: Explained): Step[] {
  const { facts } = asked
  if (facts === undefined) {
    const says = 'there is none: no cookie, or one that is unknown or revoked'
    const rest = SESSION_STEPS.slice(3).map((name) => skipped(name, 'without a session'))
    return [denied('session', 'authz.invalid_session', says), ...rest]
  }
  return [
    session(asked, facts),
    idle(asked, facts),
    binding(asked, facts),
    state(facts.principal),
    permissions(asked, facts.principal.role),
  ]
}

function session({ nowMs }: Explained, { session: { createdAtMs, endsAtMs, hash } }: Facts): Step {
  const facts = {
    session: hash.slice(0, 8),
    startedSecondsAgo: seconds(nowMs - createdAtMs),
    endsInSeconds: seconds(endsAtMs - nowMs),
  }
  if (nowMs < endsAtMs) return { ...passed('session', 'known and not over'), facts }
  return { ...denied('session', 'authz.invalid_session', 'over by its absolute limit'), facts }
}

function idle({ nowMs }: Explained, { idleAtMs }: Facts): Step {
  const facts = { idleInSeconds: seconds(idleAtMs - nowMs) }
  if (nowMs < idleAtMs) return { ...passed('idle', 'used lately'), facts }
  const says = 'not used for too long'
  return { ...denied('idle', 'authz.client_session_mismatch', says), facts }
}

function binding({ check, policy }: Explained, { session: known }: Facts): Step {
  const isAgentAsked = policy.binding === 'strict' || policy.binding === 'agent'
  const isNetworkAsked = policy.binding === 'strict' || policy.binding === 'network'
  const isSameAgent = check.userAgent === known.userAgent
  const isSameNet = isSameNetwork(check.address, known.address)
  const facts = {
    binding: policy.binding,
    browserIsThatOfLogin: isSameAgent,
    networkIsThatOfLogin: isSameNet,
    address: check.address.text,
    addressAtLogin: known.address.text,
  }
  const wrong: string[] = []
  if (isAgentAsked && !isSameAgent) wrong.push('another browser')
  if (isNetworkAsked && !isSameNet) wrong.push('another network')
  if (wrong.length === 0) return { ...passed('binding', 'used from where it was begun'), facts }
  const says = `used from ${wrong.join(' and ')} than it was begun`
  return { ...denied('binding', 'authz.client_session_mismatch', says), facts }
}

function state({ uid, kind, role, state: now, version }: Facts['principal']): Step {
  const facts = { uid, kind, role, state: now, version }
  if (now === 'active' || now === 'pending')
    return { ...passed('state', `${uid} is ${now}`), facts }
  return { ...denied('state', 'authz.user_not_active', `${uid} is ${now}`), facts }
}

/** Any DROP wins; without an ACCEPT nothing passes. */
export function permissions({ check, policy }: Matched, role: string): Step {
  const { method, path, foldedPath } = check
  const found = listMatchingRows(policy.rules, role, { method, path, foldedPath })
  const dropped = found.some(({ action }) => action === 'DROP')
  const accepted = found.some(({ action }) => action === 'ACCEPT')
  const decisive = dropped ? 'DROP' : 'ACCEPT'
  const rows = found.map((row) => ({ ...rowOf(row), decides: row.action === decisive }))
  const facts = { role, isAudited: found.some(({ action }) => action === 'AUDIT') }
  if (accepted && !dropped) {
    return { ...passed('permissions', 'a row accepts, and none drops'), rows, facts }
  }
  const says = dropped ? 'a row drops it' : `no row accepts ${method} here for ${role}`
  return { ...denied('permissions', 'authz.invalid_permission', says), rows, facts }
}

function rowOf({ id, role, verb, path, action }: Permission): Row {
  return { kind: 'permission', id: String(id), says: `${role} ${verb} ${path} ${action}` }
}

export function passed(name: string, says: string): Step {
  return { name, outcome: 'pass', reason: null, says, rows: [], facts: {} }
}

function allowed(name: string, says: string): Step {
  return { name, outcome: 'allow', reason: null, says, rows: [], facts: {} }
}

export function denied(name: string, reason: Reason, says: string): Step {
  return { name, outcome: 'deny', reason, says, rows: [], facts: {} }
}

export function skipped(name: string, says: string): Step {
  return { name, outcome: 'skip', reason: null, says, rows: [], facts: {} }
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
