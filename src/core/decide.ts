import { isSameNetwork } from './address.ts'
import { type Check, isSafeMethod } from './check.ts'
import type { Credential } from './credential.ts'
import type { Policy } from './policy.ts'
import { type Facts, isStateAccepted } from './principal.ts'
import { BLOCKED, PREFLIGHT, PUBLIC, surveyRoutes } from './route.ts'
import { matchRules } from './rule.ts'
import { ALLOW, type Deny, deny, type Verdict } from './verdict.ts'

/** What needs no identity: blocked, pre-flight and public paths, in this order. */
export function screen(check: Check, policy: Policy): Verdict | undefined {
  const { flags } = surveyRoutes(policy.routes, check)
  if (flags === 0) return undefined
  if ((flags & BLOCKED) !== 0) return deny('authz.permission_denied')
  if ((flags & PREFLIGHT) !== 0 && check.method === 'OPTIONS') return ALLOW
  if ((flags & PUBLIC) !== 0) return ALLOW
  return undefined
}

/** Refusals that the credential alone earns, before any store is asked. */
export function screenCredential(
  check: Check,
  credential: Credential,
  policy: Policy,
): Deny | undefined {
  // Its headers are read together with what they sign, where the key is looked up.
  if (credential.kind === 'api_key') return undefined
  if (credential.kind === 'ambiguous') return deny('authz.ambiguous_credential')
  const isTokenDue = policy.isCsrfRequired && !isSafeMethod(check.method)
  if (isTokenDue && check.csrfToken === undefined) return deny('authz.missing_csrf_token')
  if (credential.kind === 'session') return undefined
  return deny(isTokenDue ? 'authz.csrf_token_mismatch' : 'authz.invalid_session')
}

/**
 * Judges a session credential once its facts are known; undefined facts mean that there is no
 * such session. The order is Barong's, so that clients hear the word they know.
 */
export function decide(
  check: Check,
  facts: Facts | undefined,
  policy: Policy,
  nowMs: number,
): Verdict {
  if (policy.isCsrfRequired && !isSafeMethod(check.method)) {
    if (check.csrfToken === undefined) return deny('authz.missing_csrf_token')
    if (!isSameSecret(check.csrfToken, facts?.session.csrfToken ?? '')) {
      return deny('authz.csrf_token_mismatch')
    }
  }
  if (facts === undefined) return deny('authz.invalid_session')
  const { session, principal } = facts
  if (nowMs >= session.endsAtMs) return deny('authz.invalid_session')
  if (nowMs >= facts.idleAtMs) return deny('authz.client_session_mismatch')
  if (!isBound(check, facts, policy)) return deny('authz.client_session_mismatch')
  if (!isStateAccepted(principal.state)) return deny('authz.user_not_active')
  if (!matchRules(policy.rules, principal.role, check).isAccepted)
    return deny('authz.invalid_permission')
  return ALLOW
}

/** Whether this verdict counts as use of the session, so that its idle deadline slides. */
export function isUse(verdict: Verdict): boolean {
  return (
    verdict.kind === 'allow' ||
    verdict.reason === 'authz.user_not_active' ||
    verdict.reason === 'authz.invalid_permission'
  )
}

/** A mismatch refuses this request only: a thief must not be able to end the owner's session. */
function isBound(check: Check, { session }: Facts, { binding }: Policy): boolean {
  if (binding === 'off') return true
  if (binding !== 'network' && check.userAgent !== session.userAgent) return false
  return binding === 'agent' || isSameNetwork(check.address, session.address)
}

/**
 * Compares without telling by its time where two secrets of one length differ. An empty
 * expectation matches nothing.
 */
export function isSameSecret(presented: string, expected: string): boolean {
  if (presented.length !== expected.length || expected.length === 0) return false
  let difference = 0
  for (let at = 0; at < expected.length; at++) {
    difference |= presented.charCodeAt(at) ^ expected.charCodeAt(at)
  }
  return difference === 0
}
