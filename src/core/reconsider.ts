import type { Address } from './address.ts'
import { isSafeMethod } from './check.ts'
import type { Credential } from './credential.ts'
import { foldPath } from './path.ts'
import type { FindPlace } from './place.ts'
import type { Reason } from './reason.ts'
import { matchRestrictions, type Restrictions } from './restriction.ts'
import { BLOCKED, isLogin, matchRoutes, PREFLIGHT, PUBLIC, type Routes } from './route.ts'
import { matchRules, type Rules } from './rule.ts'

/** A decision that was made, as far as rules and routes have to do with it. */
export interface Judged {
  readonly method: string
  readonly path: string
  /** Of the client; undefined where it was not known. */
  readonly address: Address | undefined
  /** Undefined: nobody was identified, or nobody looked. */
  readonly role: string | undefined
  readonly credential: Credential['kind']
  readonly hasCsrfToken: boolean
  readonly outcome: Outcome
}

/** `none` where it was allowed. */
export type Outcome = Reason | 'none'

/** What might be in force instead. A part that is undefined stays as it is. */
export interface Candidate {
  readonly routes: Routes | undefined
  readonly rules: Rules | undefined
  readonly restrictions: TriedRestrictions | undefined
  readonly isCsrfRequired: boolean
}

/** Restrictions that might be in force, and what else they are asked with. */
export interface TriedRestrictions {
  readonly rows: Restrictions
  readonly findPlace: FindPlace
  /** Those in force: where the candidate has none, they say which paths open sessions. */
  readonly liveRoutes: () => Routes
}

/** Refusals that come before any route is looked at: no policy changes them. */
const BEFORE_ROUTES = new Set<Outcome>([
  'authz.untrusted_gateway',
  'authz.malformed_check',
  'authz.reserved_header',
  'authz.unsupported_method',
  'authz.ambiguous_path',
])

/** Outcomes that a rule had accepted before something else was said. */
const AFTER_RULES = /^authz\.(nonce_used|nonces_exhausted|rate_limited\.(key|principal|route))$/

/**
 * What would have been said of the same request by another policy: `unknown` where it depends on
 * a credential that was not looked at then. What has nothing to do with routes and rules (a store
 * that was away, a limit, an old session) is as it was. Pure, and the same for a policy that is
 * tried on old decisions and one that runs beside the live one.
 */
export function reconsider(judged: Judged, candidate: Candidate): Outcome | 'unknown' {
  const { outcome, role } = judged
  if (BEFORE_ROUTES.has(outcome)) return outcome
  const isRestricted = outcome.startsWith('authz.restrict.')
  const { restrictions } = candidate
  if (restrictions !== undefined) {
    const restricted = reconsiderRestrictions(judged, candidate, restrictions)
    if (restricted !== undefined) return restricted
    // Who was kept out was not looked at any further.
    const routes = candidate.routes ?? restrictions.liveRoutes()
    if (isRestricted) return reconsiderRoutes(judged, routes) ?? 'unknown'
  }
  if (isRestricted) return outcome
  const screened = reconsiderRoutes(judged, candidate.routes)
  if (screened !== undefined) return screened
  if (candidate.routes !== undefined && isByRoute(judged)) return unidentified(judged, candidate)
  const isRuled = outcome === 'none' || outcome === 'authz.invalid_permission'
  if (role === undefined || candidate.rules === undefined) return outcome
  if (!isRuled && !AFTER_RULES.test(outcome)) return outcome
  const { method, path } = judged
  const foldedPath = foldPath(path)
  const { isAccepted } = matchRules(candidate.rules, role, { method, path, foldedPath })
  if (!isAccepted) return 'authz.invalid_permission'
  return outcome === 'authz.invalid_permission' ? 'none' : outcome
}

/** What they would refuse; undefined if they keep nobody out. */
function reconsiderRestrictions(
  { path, address }: Judged,
  candidate: Candidate,
  { rows, findPlace, liveRoutes }: TriedRestrictions,
): Outcome | undefined {
  const routes = candidate.routes ?? liveRoutes()
  if (address === undefined || routes.unrestricted.has(path)) return undefined
  const hit = matchRestrictions(rows, address, isLogin(routes, foldPath(path)), findPlace)
  if (hit === 'unknown') return 'authz.unavailable'
  return hit?.denial?.reason
}

function reconsiderRoutes(
  { method, path }: Judged,
  routes: Routes | undefined,
): Outcome | undefined {
  if (routes === undefined) return undefined
  const flags = matchRoutes(routes, path, foldPath(path))
  if ((flags & BLOCKED) !== 0) return 'authz.permission_denied'
  if ((flags & PREFLIGHT) !== 0 && method === 'OPTIONS') return 'none'
  return (flags & PUBLIC) === 0 ? undefined : 'none'
}

/** Whether a route alone decided: nobody asked who it was. */
function isByRoute({ outcome, role }: Judged): boolean {
  return outcome === 'authz.permission_denied' || (outcome === 'none' && role === undefined)
}

/** A route that let everybody pass, or nobody, is gone: what comes next was never looked at. */
function unidentified(judged: Judged, { isCsrfRequired }: Candidate): Outcome | 'unknown' {
  if (judged.credential !== 'none') return 'unknown'
  if (isCsrfRequired && !isSafeMethod(judged.method)) {
    return judged.hasCsrfToken ? 'authz.csrf_token_mismatch' : 'authz.missing_csrf_token'
  }
  return 'authz.invalid_session'
}
