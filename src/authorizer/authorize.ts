import type { Flights } from '../cache/flight.ts'
import type { Lease } from '../cache/lease.ts'
import type { Table } from '../cache/table.ts'
import type { Check } from '../core/check.ts'
import { readCredential } from '../core/credential.ts'
import { decide, isUse, screen, screenCredential } from '../core/decide.ts'
import { Fault } from '../core/fault.ts'
import type { Policy } from '../core/policy.ts'
import { matchAudience } from '../core/route.ts'
import { type Answer, type Authorize, deny, GRANT_ANYONE, type Verdict } from '../core/verdict.ts'
import type { Entry, MakeGrant } from './grants.ts'
import type { PolicyHolder } from './policy.ts'
import type { Toucher } from './touch.ts'

export interface Dependencies {
  readonly policies: Pick<PolicyHolder, 'current' | 'isStale' | 'refresh'>
  readonly table: Table<Entry>
  /** Loads by cookie value; undefined where there is no such session. */
  readonly flights: Flights<Entry | undefined>
  readonly lease: Lease
  /** Asks the log now; true if the lease is live after it. */
  readonly beat: () => Promise<boolean>
  readonly makeGrant: MakeGrant
  readonly toucher: Toucher
  /** Wall clock, for what people agreed on: expiry. */
  readonly nowMs: () => number
  /** Monotonic clock, for what we may believe: the lease. */
  readonly monotonicMs: () => number
  readonly onFault: (fault: unknown) => void
  readonly onRecall: (isHit: boolean) => void
}

/** An entry idle by our own reading is read anew, at most this often: others may have used it. */
const REREAD_AFTER_MS = 1000

/** After a heartbeat has failed, misses are refused at once for this long. */
const BEAT_AGAIN_AFTER_MS = 50

/**
 * The corridor: every check walks it once, left to right. Answers at once from memory; returns a
 * promise only when the store must be asked. Policy and clock are read once, and again only
 * after an await.
 */
export function createAuthorize(deps: Dependencies): Authorize {
  const { policies, table, flights, lease, makeGrant, toucher, nowMs, monotonicMs } = deps
  let beatFailedAtMs = Number.NEGATIVE_INFINITY

  function authorize(check: Check): Answer | Promise<Answer> {
    const policy = policies.current()
    const screened = screen(check, policy)
    if (screened !== undefined) return screened.kind === 'deny' ? screened : GRANT_ANYONE

    const credential = readCredential(check, policy.cookieName)
    const refused = screenCredential(check, credential, policy)
    if (refused !== undefined) return refused
    if (credential.kind !== 'session') return deny('authz.invalid_session')

    const monotonic = monotonicMs()
    if (!lease.isLive(monotonic) || policies.isStale()) {
      if (monotonic < beatFailedAtMs + BEAT_AGAIN_AFTER_MS) return deny('authz.unavailable')
      return authorizeAfterBeat(check, credential.id)
    }
    const now = nowMs()
    const entry = table.recall(credential.id)
    const isHit = entry !== undefined && !isToBeReread(entry, now)
    deps.onRecall(isHit)
    if (!isHit) return authorizeAfterLoad(check, credential.id)
    return conclude(check, entry, policy, now)
  }

  function refuseUnsigned(cause: unknown): Answer {
    deps.onFault(new Fault('signer_failed', { cause }))
    return deny('authz.unavailable')
  }

  async function authorizeAfterBeat(check: Check, id: string): Promise<Answer> {
    const isBelievable = (await deps.beat()) && (await policies.refresh())
    if (!isBelievable || !lease.isLive(monotonicMs())) {
      beatFailedAtMs = monotonicMs()
      return deny('authz.unavailable')
    }
    return authorizeAfterLoad(check, id)
  }

  async function authorizeAfterLoad(check: Check, id: string): Promise<Answer> {
    try {
      const known = table.recall(id)
      const entry =
        known !== undefined && !isToBeReread(known, nowMs()) ? known : await flights.fly(id)
      // The world may have changed while we waited: policy, clock and lease are read anew.
      if (!lease.isLive(monotonicMs()) || policies.isStale()) return deny('authz.unavailable')
      return await conclude(check, entry, policies.current(), nowMs())
    } catch (fault) {
      deps.onFault(fault)
      return deny('authz.unavailable')
    }
  }

  function conclude(
    check: Check,
    entry: Entry | undefined,
    policy: Policy,
    now: number,
  ): Answer | Promise<Answer> {
    const verdict: Verdict = decide(check, entry?.facts, policy, now)
    if (entry === undefined) return verdict.kind === 'deny' ? verdict : deny('authz.unavailable')
    if (isUse(verdict)) toucher.touch(entry, now)
    if (verdict.kind === 'deny') return verdict
    const grant = makeGrant(entry, matchAudience(policy.routes, check.foldedPath), now)
    return grant instanceof Promise ? grant.catch(refuseUnsigned) : grant
  }

  return authorize
}

/** Idle too long by our reading, which another authorizer may have extended meanwhile. */
function isToBeReread(entry: Entry, now: number): boolean {
  return now >= entry.facts.idleAtMs && now >= entry.loadedAtMs + REREAD_AFTER_MS
}
