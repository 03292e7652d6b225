import type { UsableKey } from './api-key.ts'
import type { Check } from './check.ts'
import {
  denied,
  type Fact,
  passed,
  permissions,
  type Step,
  skipped,
  type TracedRow,
} from './explain.ts'
import { compileNetworks, matchNetwork } from './network.ts'
import type { Policy } from './policy.ts'
import { listMatchingRows } from './rule.ts'
import type { SigningVersion } from './signed-request.ts'

export interface ExplainedKey {
  readonly check: Check
  readonly policy: Policy
  /** Undefined if there is no such key. */
  readonly usable: UsableKey | undefined
  readonly version: SigningVersion
  readonly nowMs: number
}

const KEY_STEPS = ['key', 'networks', 'state', 'second factor', 'scopes', 'permissions']

/** What is asked of a key whose signature is right, slowly and one by one. */
export function explainKey(asked: ExplainedKey): Step[] {
  const { usable } = asked
  if (usable === undefined) {
    const rest = KEY_STEPS.slice(1).map((name) => skipped(name, 'without a key'))
    return [denied('key', 'authz.unexistent_apikey', 'there is no key of this id'), ...rest]
  }
  return [
    key(asked, usable),
    networks(asked, usable),
    holder(usable),
    secondFactor(usable),
    scopes(asked, usable),
    permissions(asked, usable.principal.role),
  ]
}

function key({ version, nowMs }: ExplainedKey, { key: known }: UsableKey): Step {
  const { kid, algorithm, state, isV1Accepted, expiresAtMs } = known
  const expiresInSeconds =
    expiresAtMs === undefined ? null : Math.round((expiresAtMs - nowMs) / 1000)
  const facts: Record<string, Fact> = { kid, algorithm, state, isV1Accepted, expiresInSeconds }
  if (version === 1 && !isV1Accepted) {
    const says = 'signed by version 1, which this key does not take'
    return { ...denied('key', 'authz.apikey_version_refused', says), facts }
  }
  if (state !== 'active') {
    return { ...denied('key', 'authz.apikey_not_active', `the key is ${state}`), facts }
  }
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs) {
    return { ...denied('key', 'authz.apikey_expired', 'the key is past its end'), facts }
  }
  return { ...passed('key', 'active, and not past its end'), facts }
}

function networks({ check }: ExplainedKey, { key: { networks: listed } }: UsableKey): Step {
  if (listed.length === 0) return passed('networks', 'good from anywhere')
  const rows = listed.filter((cidr) => isIn(check, cidr)).map(rowOfNetwork)
  if (rows.length > 0) return { ...passed('networks', 'used from where it may be'), rows }
  const says = `${check.address.text} is in none of ${listed.join(', ')}`
  return denied('networks', 'authz.ip_not_allowed', says)
}

function isIn({ address }: Check, cidr: string): boolean {
  const compiled = compileNetworks([cidr])
  return compiled.kind === 'compiled' && matchNetwork(compiled.networks, address)
}

function rowOfNetwork(cidr: string): TracedRow {
  return { kind: 'network', id: cidr, says: cidr, decides: true }
}

function holder({ principal: { uid, kind, role, state } }: UsableKey): Step {
  const facts = { uid, kind, role, state }
  const says = `${uid}, whose key it is, is ${state}`
  if (state === 'active' || state === 'pending') return { ...passed('state', says), facts }
  return { ...denied('state', 'authz.invalid_session', says), facts }
}

function secondFactor({ principal: { kind, otp, uid } }: UsableKey): Step {
  if (kind === 'service') return passed('second factor', 'none is asked of a service account')
  if (otp) return passed('second factor', `${uid} has one`)
  return denied('second factor', 'authz.disabled_2fa', `${uid} has none`)
}

function scopes({ check }: ExplainedKey, { scopes: compiled }: UsableKey): Step {
  if (compiled === undefined) return passed('scopes', 'the key may do what its holder may')
  const { method, path, foldedPath } = check
  const found = listMatchingRows(compiled, '', { method, path, foldedPath })
  const rows = found.map(({ verb, path: prefix }): TracedRow => {
    const says = verb === 'ALL' ? prefix : `${verb} ${prefix}`
    return { kind: 'scope', id: says, says, decides: true }
  })
  if (rows.length > 0) return { ...passed('scopes', 'the key may do this'), rows }
  return denied('scopes', 'authz.apikey_scope_not_allowed', 'no scope of the key covers it')
}
