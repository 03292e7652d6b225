import type { UsableKey } from '../core/api-key.ts'
import type { Check } from '../core/check.ts'
import {
  denied,
  explain,
  explainScreen,
  passed,
  type Step,
  skipped,
  type Trace,
  traceOf,
} from '../core/explain.ts'
import { explainKey } from '../core/explain-key.ts'
import type { Policy } from '../core/policy.ts'
import type { Facts } from '../core/principal.ts'
import { REASONS } from '../core/reason.ts'
import { listRoutes, matchAudience } from '../core/route.ts'
import type { Bearer } from './claims.ts'
import type { ExplainDependencies, Wondered } from './explain.ts'
import type { Who } from './explain-facts.ts'

export interface Traced {
  /** What comes before any route: the gateway, the restrictions. */
  readonly head: readonly Step[]
  readonly check: Check
  readonly policy: Policy
  readonly credential: Parameters<typeof explain>[0]['credential']
  readonly facts: Facts | undefined
  readonly step: Step | undefined
  readonly usable: UsableKey | undefined
  readonly wondered: Wondered
  readonly nowMs: number
}

/** The pure steps with those between them that ask whether memory may be believed. */
export function traceFrom(deps: ExplainDependencies, traced: Traced): Trace {
  const { head, check, policy, credential, facts, wondered, nowMs } = traced
  if (credential.kind === 'api_key') return traceKey(deps, traced)
  const who = wondered.as
  const limited = limitStep(wondered)
  const { steps } = explain({ check, policy, credential, facts, nowMs })
  if (limited.reason === 'authz.rate_limited.address') {
    return traceOf([...head, ...steps.slice(0, 1), limited])
  }
  const isAsked = credential.kind === 'session' && steps[0]?.outcome !== 'allow'
  if (!isAsked) return traceOf([...head, ...steps])
  const csrfAt = steps.findIndex(({ name }) => name === 'csrf')
  const isRefusedBefore = steps[csrfAt]?.reason === 'authz.missing_csrf_token'
  const at = isRefusedBefore ? csrfAt + 1 : csrfAt
  if (who.kind === 'lost') {
    return traceOf([...head, ...steps.slice(0, at), leaseStep(deps), lostStep(who)])
  }
  const between = [leaseStep(deps), traced.step ?? skipped('facts', 'nothing to ask for')]
  return traceOf([...head, ...steps.slice(0, at), ...between, ...steps.slice(at), limited])
}

function traceKey(deps: ExplainDependencies, traced: Traced): Trace {
  const { head, usable, wondered, step } = traced
  const [route, shown] = explainScreen(traced)
  if (route.outcome === 'allow') return traceOf([...head, route, shown])
  const { before } = wondered
  const limited = limitStep(wondered)
  const signed =
    before === undefined || limited.outcome === 'deny'
      ? passed('signature', 'taken to be right')
      : denied('signature', before.reason, `${REASONS[before.reason].means} So it was then.`)
  const asked = step ?? skipped('facts', 'nothing to ask for')
  const steps = explainKey({ ...traced, usable, version: wondered.version })
  return traceOf([...head, route, shown, signed, leaseStep(deps), asked, ...steps, limited])
}

/** How much was asked lately is nobody's to repeat: only what was refused for it is known. */
function limitStep({ before }: Wondered): Step {
  if (before === undefined || !before.reason.startsWith('authz.rate_limited.')) {
    return passed('limits', 'what was asked lately is not counted here')
  }
  return denied('limits', before.reason, `${REASONS[before.reason].means} So it was then.`)
}

/** Where the credential is gone, what was decided of it is all that there is to say. */
function lostStep({ before: { reason, about } }: Extract<Who, { kind: 'lost' }>): Step {
  const why = about === '' ? '' : ` (${about})`
  const says = `${REASONS[reason].means}${why} So it was; the cookie is not kept, nor asked again.`
  return denied('session', reason, says)
}

function leaseStep({ leaseRemainingMs, isStale, epoch, appliedSeq }: ExplainDependencies): Step {
  const remainingMs = Math.round(leaseRemainingMs())
  const facts = { remainingMs, epoch: epoch() ?? null, seq: appliedSeq() }
  if (remainingMs === 0) {
    const says = 'memory may not be believed: the log was not heard of for too long'
    return { ...denied('lease', 'authz.unavailable', says), facts }
  }
  if (isStale()) {
    const says = 'permissions have changed and could not be loaded'
    return { ...denied('lease', 'authz.unavailable', says), facts }
  }
  return { ...passed('lease', 'memory may be believed'), facts }
}

export function withToken(
  { tokenTtlMs }: ExplainDependencies,
  trace: Trace,
  check: Check,
  policy: Policy,
  granted: Bearer | undefined,
): Trace {
  if (trace.verdict === 'deny' || trace.decidedBy !== null || granted === undefined) return trace
  const audience = matchAudience(policy.routes, check.foldedPath).join(', ')
  const listed = listRoutes(policy.routes.table, check.path, check.foldedPath)
  const rows = listed
    .filter(({ kind }) => kind === 'audience')
    .map((row, at) => ({ ...row, decides: at === 0 }))
  const step = {
    ...passed('token', `for ${audience}`),
    rows,
    facts: { ttlSeconds: tokenTtlMs / 1000 },
  }
  return { ...trace, steps: [...trace.steps, step] }
}

export function grantedOf(usable: UsableKey | undefined): Bearer | undefined {
  if (usable === undefined) return undefined
  const endsAtMs = usable.key.expiresAtMs ?? Number.POSITIVE_INFINITY
  return { principal: usable.principal, session: { hash: undefined, endsAtMs } }
}
