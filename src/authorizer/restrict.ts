import type { Check } from '../core/check.ts'
import type { Findings } from '../core/findings.ts'
import type { FindPlace } from '../core/place.ts'
import type { Policy } from '../core/policy.ts'
import { findRestriction } from '../core/restriction.ts'
import { type Deny, deny } from '../core/verdict.ts'
import type { PolicyHolder } from './policy.ts'

/** The first thing that is asked of a check: whether it may come in at all. */
export interface Restrict {
  /** What restrictions refuse; notes the row that spoke. Allocates nothing. */
  screen(check: Check, found: Findings, policy: Policy): Deny | undefined
  /** Waits for changed restrictions; a refusal if they cannot be loaded. Never rejects. */
  refresh(found: Findings): Promise<Deny | undefined>
}

/** After a load of restrictions has failed, checks are refused at once for this long. */
const REFRESH_AGAIN_AFTER_MS = 50

const UNAVAILABLE = deny('authz.unavailable')

export function createRestrict(deps: {
  readonly policies: Pick<PolicyHolder, 'areRestrictionsStale' | 'refresh'>
  /** Where an address is; asked only while a restriction of a place is in force. */
  readonly findPlace: FindPlace
  readonly monotonicMs: () => number
}): Restrict {
  const { policies, findPlace, monotonicMs } = deps
  let failedAtMs = Number.NEGATIVE_INFINITY

  return {
    screen(check, found, policy) {
      const match = findRestriction(check, policy, findPlace)
      if (match === undefined) return undefined
      if (match === 'unknown') {
        found.about = 'unknown_place'
        return UNAVAILABLE
      }
      found.restriction = match.row
      return match.denial
    },
    async refresh(found) {
      const mayAsk = monotonicMs() >= failedAtMs + REFRESH_AGAIN_AFTER_MS
      if (mayAsk) await policies.refresh()
      if (!policies.areRestrictionsStale()) return undefined
      if (mayAsk) failedAtMs = monotonicMs()
      found.about = 'stale_restrictions'
      return UNAVAILABLE
    },
  }
}
