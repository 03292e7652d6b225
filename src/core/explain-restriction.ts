import type { Check } from './check.ts'
import { denied, type Fact, passed, type Step } from './explain.ts'
import type { FindPlace } from './place.ts'
import type { Policy } from './policy.ts'
import { findRestriction, type Restriction } from './restriction.ts'
import type { Row } from './row.ts'

/** The first step of the corridor: the restriction that speaks of this request, if one does. */
export function explainRestrictions(check: Check, policy: Policy, findPlace: FindPlace): Step {
  const name = 'restrictions'
  const { count } = policy.restrictions
  const place = policy.restrictions.isPlaceAsked ? findPlace(check.address) : undefined
  const facts: Record<string, Fact> = { inForce: count, country: place?.country ?? null }
  const found = findRestriction(check, policy, findPlace)
  if (found === undefined) return { ...passed(name, 'none speaks of this address'), facts }
  if (found === 'unknown') {
    const says = 'one asks for a place, and where this address is cannot be told'
    return { ...denied(name, 'authz.unavailable', says), facts }
  }
  const rows = [{ ...rowOfRestriction(found.row), decides: true }]
  if (found.denial === undefined) return { ...passed(name, 'on a whitelist'), rows, facts }
  const { reason, status } = found.denial
  return { ...denied(name, reason, 'this one'), rows, facts: { ...facts, status } }
}

/** A restriction in words: `blacklist ip_subnet 203.0.113.0/24`. */
export function rowOfRestriction({ id, category, scope, value }: Restriction): Row {
  const what = value === '' ? scope : `${scope} ${value}`
  return { kind: 'restriction', id: String(id), says: `${category} ${what}` }
}
