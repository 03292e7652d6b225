import type { Flights } from '../cache/flight.ts'
import type { Lease } from '../cache/lease.ts'
import type { Table } from '../cache/table.ts'
import type { Check } from '../core/check.ts'
import type { Clock } from '../core/clock.ts'
import { type Credential, readCredential } from '../core/credential.ts'
import { decide, isUse, screen, screenCredential } from '../core/decide.ts'
import { Fault } from '../core/fault.ts'
import { createFindings, type Findings } from '../core/findings.ts'
import type { FindPlace } from '../core/place.ts'
import type { Policy } from '../core/policy.ts'
import { surveyRoutes } from '../core/route.ts'
import {
  type Answer,
  type Authorize,
  type Deny,
  deny,
  GRANT_ANYONE,
  type Verdict,
} from '../core/verdict.ts'
import { createAuthorizeKey, type KeyDependencies } from './api-keys.ts'
import { createBelief, type Loadable } from './belief.ts'
import type { Entry, MakeGrant } from './grants.ts'
import type { Limits } from './limits.ts'
import { recallPresented } from './memory.ts'
import type { PolicyHolder } from './policy.ts'
import { createRestrict } from './restrict.ts'
import type { Toucher } from './touch.ts'

/** Its wall clock is for what people agreed on: expiry; the other for what may be believed. */
export interface Dependencies extends Clock {
  readonly policies: Pick<PolicyHolder, 'current' | 'isStale' | 'areRestrictionsStale' | 'refresh'>
  /** Where an address is; asked only while a restriction of a place is in force. */
  readonly findPlace: FindPlace
  readonly table: Table<Entry>
  /** Loads by cookie value; undefined where there is no such session. */
  readonly flights: Flights<Entry | undefined>
  /** Whether one of our keys sealed the cookie; told only where a store would be asked. */
  readonly isSealed: (cookie: string) => boolean
  readonly lease: Lease
  /** Asks the log now; true if the lease is live after it. */
  readonly beat: () => Promise<boolean>
  readonly makeGrant: MakeGrant
  readonly toucher: Toucher
  /** For requests that are signed with an API key instead of coming with a session. */
  readonly keys: KeyDependencies
  readonly limits: Limits
  /** What else must not be stale for a request to pass. */
  readonly alsoLoaded?: readonly Loadable[]
  readonly onFault: (fault: unknown) => void
  readonly onRecall: (isHit: boolean) => void
  /** A cookie of the right shape that no key of ours sealed. */
  readonly onForged: () => void
}

/** An entry idle by our own reading is read anew, at most this often: others may have used it. */
const REREAD_AFTER_MS = 1000

/** What is to blame where nothing remembered may be believed. */
const NO_LEASE = 'no_lease'

/**
 * The corridor: every check walks it once, left to right. Answers at once from memory; returns a
 * promise only when the store must be asked. Policy and clock are read once, and again only
 * after an await.
 */
export function createAuthorize(deps: Dependencies): Authorize {
  const { policies, table, flights, makeGrant, toucher, limits, nowMs, monotonicMs } = deps
  const belief = createBelief(deps)
  const restrict = createRestrict(deps)
  const authorizeKey = createAuthorizeKey(deps.keys, { ...deps, belief, restrict })

  const authorize: Authorize = (check, found = createFindings(), at = monotonicMs()) => {
    if (policies.areRestrictionsStale()) return authorizeAfterRefresh(check, found)
    const policy = policies.current()
    found.policyVersion = policy.version
    const restricted = restrict.screen(check, found, policy)
    if (restricted !== undefined) return restricted
    const screened = screen(check, policy)
    if (screened !== undefined) return screened.kind === 'deny' ? screened : GRANT_ANYONE
    const limited = limits.admitAddress(check.address, at)
    if (limited !== undefined) return limited
    const known = recallPresented(table, check, policy.cookieName, at)
    const credential: Credential = known ?? readCredential(check, policy.cookieName)
    found.credential = credential.kind
    const refused = screenCredential(check, credential, policy)
    if (refused !== undefined) return refused
    if (check.apiKey !== undefined) return authorizeKey(check, check.apiKey, found, at)
    if (credential.kind !== 'session') return deny('authz.invalid_session')
    const now = nowMs()
    if (!belief.isLive(at, now)) {
      if (!deps.isSealed(credential.id)) return refuseForged(check, found, policy)
      if (belief.isHopeless()) return unavailable(found, NO_LEASE)
      return authorizeAfterBeat(check, found, credential.id)
    }
    const entry = known ?? table.recall(credential.id, at)
    const isHit = entry !== undefined && !isToBeReread(entry, now)
    deps.onRecall(isHit)
    // What is remembered was proven when it was loaded: only a stranger's seal is looked at.
    if (entry === undefined && !deps.isSealed(credential.id)) {
      return refuseForged(check, found, policy)
    }
    if (!isHit) return authorizeAfterLoad(check, found, credential.id)
    found.source = 'memory'
    return conclude(check, found, entry, policy, now)
  }

  /** Answers what an unknown session hears, and no store is asked. */
  function refuseForged(check: Check, found: Findings, policy: Policy): Answer | Promise<Answer> {
    deps.onForged()
    found.credential = 'forged'
    return conclude(check, found, undefined, policy, nowMs())
  }

  /** Whom changed restrictions keep out is not known yet: not even public paths are open. */
  async function authorizeAfterRefresh(check: Check, found: Findings): Promise<Answer> {
    return (await restrict.refresh(found)) ?? authorize(check, found)
  }

  async function authorizeAfterBeat(check: Check, found: Findings, id: string): Promise<Answer> {
    if (!(await belief.restore())) return unavailable(found, NO_LEASE)
    return authorizeAfterLoad(check, found, id)
  }

  async function authorizeAfterLoad(check: Check, found: Findings, id: string): Promise<Answer> {
    try {
      const answer = await belief.keeping(() => loadAndDecide(check, found, id))
      return answer ?? unavailable(found, NO_LEASE)
    } catch (fault) {
      deps.onFault(fault)
      return unavailable(found, fault instanceof Fault ? fault.code : 'bug')
    }
  }

  async function loadAndDecide(check: Check, found: Findings, id: string) {
    const entry = freshOf(table.recall(id), nowMs()) ?? (await flights.fly(id))
    // The world may have changed while we waited: policy, clock and lease are read anew.
    const stale = policies.areRestrictionsStale() ? await restrict.refresh(found) : undefined
    if (stale !== undefined || !belief.isLive()) return stale
    const policy = policies.current()
    found.source = 'store'
    return restrict.screen(check, found, policy) ?? conclude(check, found, entry, policy, nowMs())
  }

  function conclude(
    check: Check,
    found: Findings,
    entry: Entry | undefined,
    policy: Policy,
    now: number,
  ): Answer | Promise<Answer> {
    const verdict: Verdict = decide(check, entry, policy, now)
    noteWorld(found, policy, now)
    if (entry === undefined) return verdict.kind === 'deny' ? verdict : unavailable(found, 'bug')
    noteFacts(found, entry)
    if (isUse(verdict)) toucher.touch(entry, now)
    if (verdict.kind === 'deny') return verdict
    const limited = limits.admitProven(check, policy, entry.principal, undefined)
    if (limited !== undefined) return limited
    const grant = makeGrant(entry, surveyRoutes(policy.routes, check).audience, now)
    return grant instanceof Promise ? signOrRefuse(found, grant, deps.onFault) : grant
  }

  return authorize
}

/** By which reading of the world was judged. */
function noteWorld(found: Findings, policy: Policy, now: number): void {
  found.policyVersion = policy.version
  found.atMs = now
}

function noteFacts(found: Findings, { principal, session }: Entry): void {
  found.principal = principal
  found.sessionHash = session.hash
}

/** The one refusal that is nobody's fault but ours; `about` tells operators whose. */
function unavailable(found: Findings, about: string): Deny {
  found.about = about
  return deny('authz.unavailable')
}

/** Idle too long by our reading, which another authorizer may have extended meanwhile. */
function isToBeReread(entry: Entry, now: number): boolean {
  return now >= entry.idleAtMs && now >= entry.loadedAtMs + REREAD_AFTER_MS
}

function freshOf(entry: Entry | undefined, now: number): Entry | undefined {
  return entry === undefined || isToBeReread(entry, now) ? undefined : entry
}

async function signOrRefuse(
  found: Findings,
  grant: Promise<Answer>,
  onFault: Dependencies['onFault'],
): Promise<Answer> {
  try {
    return await grant
  } catch (cause) {
    onFault(new Fault('signer_failed', { cause }))
    return unavailable(found, 'signer_failed')
  }
}
