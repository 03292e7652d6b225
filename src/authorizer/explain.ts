import { type Address, LOOPBACK, parseAddress } from '../core/address.ts'
import { type Check, isSafeMethod } from '../core/check.ts'
import { denied, passed, type Step, traceOf } from '../core/explain.ts'
import { explainRestrictions } from '../core/explain-restriction.ts'
import type { Explanation, WonderedRequest } from '../core/explanation.ts'
import { wordIdentity } from '../core/identity-lines.ts'
import type { KeptDecision } from '../core/kept.ts'
import { matchNetwork, type NetworkSet } from '../core/network.ts'
import { readTarget, type Target } from '../core/path.ts'
import type { FindPlace } from '../core/place.ts'
import type { Policy } from '../core/policy.ts'
import type { Facts } from '../core/principal.ts'
import { REASONS, type Reason } from '../core/reason.ts'
import { matchAudience } from '../core/route.ts'
import { isMethod } from '../gateway/dialect.ts'
import { isReservedHeader } from '../gateway/headers.ts'
import { readHost } from '../gateway/host.ts'
import { type Bearer, buildClaims } from './claims.ts'
import { type FindOutDependencies, findOut, type Who } from './explain-facts.ts'
import { grantedOf, traceFrom, withToken } from './explain-trace.ts'
import { compare, wordAnswers } from './explain-words.ts'

interface Refused {
  readonly reason: Reason
  readonly about: string
}

/** A request to wonder about; `door` where it is known how it was refused there. */
export interface Wondered extends Omit<WonderedRequest, 'as'> {
  readonly as: Who
  readonly door?: Refused | undefined
  /** Known to have been refused for what is true of that one request alone. */
  readonly before?: Refused | undefined
}

export interface ExplainDependencies extends FindOutDependencies {
  readonly policy: () => Policy
  readonly isStale: () => boolean
  readonly leaseRemainingMs: () => number
  readonly epoch: () => string | undefined
  readonly appliedSeq: () => number
  readonly run: string
  readonly trustedGateways: NetworkSet
  readonly findPlace: FindPlace
  readonly issuer: string
  readonly tokenTtlMs: number
}

/** What a header can hold where a token would be: nothing is signed here. */
const NO_TOKEN = 'Bearer (signed when a gateway asks)'
/** Equals no token that was ever handed out. */
export const OTHER_TOKEN = '\0'

/** Walks the corridor beside the real one: reads, and changes nothing anywhere. */
export function createExplain(deps: ExplainDependencies) {
  return async function explainRequest(
    wondered: Wondered,
    decision: KeptDecision | null,
  ): Promise<Explanation> {
    const policy = deps.policy()
    const address = parseAddress(wondered.address ?? '')
    const target = readTarget(wondered.path)
    const door = doorStep(deps, wondered, target)
    const draft = draftCheck(wondered, address ?? LOOPBACK, target)
    const found = await findOut(deps, wondered.as, draft, policy)
    const filled = fillCheck(draft, wondered, found.facts)
    const { check } = filled
    const traced =
      door.outcome === 'deny'
        ? traceOf([door])
        : traceFrom(deps, {
            head: [door, explainRestrictions(check, policy, deps.findPlace)],
            ...{ check, policy },
            ...found,
            wondered,
            nowMs: deps.nowMs(),
          })
    const granted = found.facts ?? grantedOf(found.usable)
    const trace = withToken(deps, traced, check, policy, granted)
    const reason = decision?.reason ?? trace.reason
    return {
      request: {
        ...{ method: check.method, path: check.path, host: check.host },
        ...{ address: check.address.text, as: wordWho(wondered.as, found.facts) },
      },
      assumed: [...found.assumed, ...filled.assumed],
      decision,
      trace,
      differs: decision === null ? [] : compare(decision, trace, policy, granted?.principal),
      next: reason === null ? '' : REASONS[reason].remedy,
      token: trace.verdict === 'allow' ? claimsOf(deps, check, policy, granted) : null,
      answers: wordAnswers(trace, wondered.dialect, {
        kind: 'allow',
        lines: wordIdentity(
          granted === undefined ? '' : NO_TOKEN,
          granted?.principal.uid ?? '',
          granted?.principal.role ?? '',
        ),
      }),
      worker: {
        run: deps.run,
        at: new Date(deps.nowMs()).toISOString(),
        epoch: deps.epoch() ?? null,
        seq: deps.appliedSeq(),
        leaseRemainingMs: Math.round(deps.leaseRemainingMs()),
        policyVersion: policy.version,
      },
    }
  }
}

/** What is refused before there is a check to decide about. */
function doorStep(
  { trustedGateways }: ExplainDependencies,
  wondered: Wondered,
  target: Target | undefined,
): Step {
  const { door, gateway, host, headers, method } = wondered
  const refuse = (reason: Reason, says: string): Step => denied('gateway', reason, says)
  if (door !== undefined) {
    const about = door.about === '' ? '' : ` (${door.about})`
    return refuse(door.reason, `${REASONS[door.reason].means}${about}`)
  }
  const peer = gateway === undefined ? undefined : parseAddress(gateway)
  if (gateway !== undefined && (peer === undefined || !matchNetwork(trustedGateways, peer))) {
    return refuse('authz.untrusted_gateway', `${gateway} is no trusted gateway`)
  }
  if (readHost(host) === undefined) return refuse('authz.malformed_check', 'the host is none')
  const reserved = headers.find((name) => isReservedHeader(name.toLowerCase()))
  if (reserved !== undefined) {
    return refuse('authz.reserved_header', `a client may not send ${reserved}`)
  }
  if (!isMethod(method)) return refuse('authz.unsupported_method', 'no method that a rule may see')
  if (target === undefined) return refuse('authz.ambiguous_path', 'more than one reading')
  return passed('gateway', 'a trusted gateway asks, and the check has one reading')
}

function draftCheck(
  { method, path, host, userAgent, dialect, csrfToken }: Wondered,
  address: Address,
  target: Target | undefined,
): Check {
  return {
    dialect: dialect ?? 'nginx',
    method,
    path: target?.path ?? path,
    foldedPath: target?.foldedPath ?? path,
    query: target?.query ?? '',
    host: readHost(host) ?? host,
    address,
    userAgent: userAgent ?? '',
    cookies: '',
    csrfToken: csrfToken ?? undefined,
    apiKey: undefined,
  }
}

/** What was not said is as it was at the login, so that only what was said can fail. */
function fillCheck(draft: Check, wondered: Wondered, facts: Facts | undefined) {
  const assumed: string[] = []
  let check = draft
  if (facts === undefined) return { check, assumed }
  const { session } = facts
  if (wondered.address === undefined && session.hash !== '') {
    check = { ...check, address: session.address }
    assumed.push(`the address of the login, ${session.address.text}`)
  }
  if (wondered.userAgent === undefined && session.hash !== '') {
    check = { ...check, userAgent: session.userAgent }
    assumed.push('the browser of the login')
  }
  if (wondered.csrfToken === undefined && !isSafeMethod(check.method)) {
    check = { ...check, csrfToken: session.csrfToken }
    assumed.push('X-CSRF-Token of the session')
  }
  return { check, assumed }
}

function claimsOf(
  { issuer, tokenTtlMs, nowMs }: ExplainDependencies,
  check: Check,
  policy: Policy,
  granted: Bearer | undefined,
): Record<string, unknown> | null {
  if (granted === undefined) return null
  const claims = buildClaims({
    ...granted,
    audience: matchAudience(policy.routes, check.foldedPath),
    issuer,
    nowMs: nowMs(),
    ttlMs: tokenTtlMs,
    jti: '(new for each)',
  })
  return granted.session.hash === '' ? { ...claims, sid: '(of the session)' } : { ...claims }
}

function wordWho(who: Who, facts: Facts | undefined): string {
  const whose = facts === undefined ? '' : ` of ${facts.principal.uid}`
  if (who.kind === 'uid') return `a session of ${who.uid}`
  if (who.kind === 'kid') return `the API key ${who.kid}`
  if (who.kind === 'none') return 'nobody'
  if (who.kind === 'lost') return `a credential of the kind ${who.credential}`
  return `a session${whose}`
}
