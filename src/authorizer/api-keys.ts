import type { Flights } from '../cache/flight.ts'
import { decideKey } from '../core/api-key.ts'
import { type Check, isSafeMethod, type PresentedApiKey } from '../core/check.ts'
import { Fault } from '../core/fault.ts'
import type { Findings } from '../core/findings.ts'
import type { Policy } from '../core/policy.ts'
import type { Reason } from '../core/reason.ts'
import { surveyRoutes } from '../core/route.ts'
import {
  isKid,
  readNonceMs,
  readSignedRequest,
  type SignedRequest,
} from '../core/signed-request.ts'
import { type Answer, type Deny, deny } from '../core/verdict.ts'
import type { RequestVerifier } from '../crypto/request-verifier.ts'
import { type BurnOutcome, CLOCK_STEP_MS, type Nonces } from '../store/nonces.ts'
import type { Belief } from './belief.ts'
import type { MakeGrant } from './grants.ts'
import type { KeyEntry, KeyMemory } from './key-memory.ts'
import type { Limits } from './limits.ts'
import type { PolicyHolder } from './policy.ts'
import type { Restrict } from './restrict.ts'

/** What requests signed with API keys need beside what all requests need. */
export interface KeyDependencies {
  readonly memory: KeyMemory
  /** Loads by kid; undefined where there is no such key. */
  readonly flights: Flights<KeyEntry | undefined>
  /** Takes as long as a key would, and finds every signature wrong. */
  readonly decoy: RequestVerifier
  readonly nonces: Nonces
  /** How far from our clock a nonce may be. */
  readonly nonceLifetimeMs: number
  /** Whether a nonce of version 1 is good once only, whatever the method. */
  readonly isV1Once: boolean
  readonly onRecall: (isHit: boolean) => void
  readonly onBurn: (outcome: BurnOutcome | 'fault') => void
}

interface Shared {
  readonly policies: Pick<PolicyHolder, 'current' | 'areRestrictionsStale'>
  readonly restrict: Restrict
  readonly belief: Belief
  readonly makeGrant: MakeGrant
  readonly limits: Limits
  /** Wall clock. */
  readonly nowMs: () => number
  readonly onFault: (fault: unknown) => void
}

/** Nonces that are remembered of one key, however long they live. */
const NONCES_PER_KEY_MAX = 20_000

/** What is to blame where nothing remembered may be believed. */
const NO_LEASE = 'no_lease'

const REFUSED_BURNS: Readonly<Record<Exclude<BurnOutcome, 'burned'>, Reason>> = {
  used: 'authz.nonce_used',
  stale: 'authz.nonce_used',
  full: 'authz.nonces_exhausted',
}

/** One request on its way. */
interface Asking {
  readonly check: Check
  readonly request: SignedRequest
  readonly found: Findings
}

/**
 * The corridor of signed requests; `atMs` is now on the monotonic clock, if it was read a moment
 * ago. Answers at once from memory; a promise appears when the key must be loaded, when its nonce
 * must be used up, or when a token must be signed. Whoever names an unknown key waits as long as
 * who signs wrongly.
 */
export function createAuthorizeKey(keys: KeyDependencies, shared: Shared) {
  const { memory } = keys
  const { belief, policies, restrict, nowMs, onFault } = shared
  const find = createFind(keys)
  const conclude = createConclude(keys, shared, find)

  return function authorizeKey(
    check: Check,
    presented: PresentedApiKey,
    found: Findings,
    atMs?: number,
  ): Answer | Promise<Answer> {
    found.kid = presented.kid ?? ''
    const request = readSignedRequest(check, presented)
    if (request === 'incomplete') return deny('authz.invalid_api_key_headers')
    if (request === 'unknown version') return deny('authz.apikey_version_refused')
    const asking = { check, request, found }
    const now = nowMs()
    if (!belief.isLive(atMs, now)) {
      if (belief.isHopeless()) return unavailable(found, NO_LEASE)
      return guard(found, restoreThenLoad(asking))
    }
    const { kid } = request
    const entry = memory.known.recall(kid, atMs)
    const isHit = entry !== undefined || !isKid(kid) || memory.unknown.recall(kid) !== undefined
    keys.onRecall(isHit)
    if (!isHit) return guard(found, loadThenConclude(asking))
    found.source = 'memory'
    const answer = conclude(asking, entry, now)
    return answer instanceof Promise ? guard(found, answer) : answer
  }

  async function guard(found: Findings, answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer
    } catch (fault) {
      onFault(fault)
      return unavailable(found, fault instanceof Fault ? fault.code : 'bug')
    }
  }

  async function restoreThenLoad(asking: Asking): Promise<Answer> {
    if (!(await belief.restore())) return unavailable(asking.found, NO_LEASE)
    return loadThenConclude(asking)
  }

  async function loadThenConclude(asking: Asking): Promise<Answer> {
    const answer = await belief.keeping(() => loadOnce(asking))
    return answer ?? unavailable(asking.found, NO_LEASE)
  }

  async function loadOnce(asking: Asking): Promise<Answer | undefined> {
    const { check, request, found } = asking
    const entry = await find(request.kid)
    // The world may have changed while we waited: policy, clock and lease are read anew.
    const stale = policies.areRestrictionsStale() ? await restrict.refresh(found) : undefined
    if (stale !== undefined) return stale
    if (!belief.isLive()) return undefined
    found.source = 'store'
    return restrict.screen(check, found, policies.current()) ?? conclude(asking, entry)
  }
}

/** The one refusal that is nobody's fault but ours; `about` tells operators whose. */
function unavailable(found: Findings, about: string): Deny {
  found.about = about
  return deny('authz.unavailable')
}

type Find = (kid: string) => Promise<KeyEntry | undefined>

/** From memory or the store. What was forgotten while we waited is not believed. */
function createFind({ memory, flights }: KeyDependencies): Find {
  return async function find(kid) {
    if (!isKid(kid)) return undefined
    const entry = memory.known.recall(kid) ?? (await flights.fly(kid))
    if (entry?.isForgotten !== true) return entry
    throw new Fault('store_conflict', { about: 'a key was forgotten while it was loaded' })
  }
}

/** Judges a request whose key was found, or known not to exist, and grants what it asks for. */
function createConclude(keys: KeyDependencies, shared: Shared, find: Find) {
  const { policies, belief, restrict, limits, nowMs } = shared
  const judge = createJudge(keys)
  const burn = createBurn(keys)
  const grant = createGrant(shared)

  /** `now` on the wall clock, if it was read a moment ago. */
  function conclude(
    asking: Asking,
    entry: KeyEntry | undefined,
    now = nowMs(),
  ): Answer | Promise<Answer> {
    const { check, request } = asking
    if (entry === undefined) {
      keys.decoy.verify(request.form, request.signature)
      return deny('authz.unexistent_apikey')
    }
    const policy = policies.current()
    const refused = judge(asking, entry, policy, now)
    if (refused !== undefined) return refused
    const { key, principal } = entry.usable
    const limited = limits.admitProven(check, policy, principal, key)
    if (limited !== undefined) return limited
    if (!isOnce(check, request)) return grant(asking, entry, policy, now)
    return burnThenGrant(asking, entry, policy)
  }

  function isOnce(check: Check, { version }: SignedRequest): boolean {
    return version === 2 ? !isSafeMethod(check.method) : keys.isV1Once
  }

  /**
   * A key that was revoked, or a rule that was changed, while the nonce was used up counts as it
   * is now.
   */
  async function burnThenGrant(asking: Asking, judged: KeyEntry, policy: Policy): Promise<Answer> {
    const unburned = await burn(asking.request)
    if (unburned !== undefined) return unburned
    const answer = await belief.keeping(() => concludeBurned(asking, judged, policy))
    return answer ?? unavailable(asking.found, NO_LEASE)
  }

  /** Undefined if nothing is believed now, as while changed rules are loaded. */
  async function concludeBurned(
    asking: Asking,
    judged: KeyEntry,
    policy: Policy,
  ): Promise<Answer | undefined> {
    const { check, request, found } = asking
    const entry = judged.isForgotten ? await find(request.kid) : judged
    const stale = policies.areRestrictionsStale() ? await restrict.refresh(found) : undefined
    if (stale !== undefined) return stale
    if (!belief.isLive()) return undefined
    if (entry === undefined) return deny('authz.unexistent_apikey')
    const current = policies.current()
    const now = nowMs()
    if (entry !== judged || current !== policy) {
      const restricted = restrict.screen(check, found, current)
      if (restricted !== undefined) return restricted
      const refused = judge(asking, entry, current, now)
      if (refused !== undefined) return refused
    }
    return grant(asking, entry, current, now)
  }

  return conclude
}

/** Barong's order: nonce, signature, key, holder, rules. Undefined: it may pass. */
function createJudge({ decoy, nonceLifetimeMs }: KeyDependencies) {
  return function judge(
    { check, request, found }: Asking,
    { usable, verifier }: KeyEntry,
    policy: Policy,
    now: number,
  ): Deny | undefined {
    found.policyVersion = policy.version
    const nonceMs = readNonceMs(request)
    if (nonceMs === undefined) return deny('authz.nonce_not_valid_timestamp')
    if (Math.abs(now - nonceMs) >= nonceLifetimeMs) return deny('authz.nonce_expired')
    // Version 1 knows no other algorithm.
    const isPossible = request.version === 2 || usable.key.algorithm === 'HS256'
    const { verify } = isPossible ? verifier : decoy
    if (!verify(request.form, request.signature)) return deny('authz.invalid_signature')
    // Only now: nobody is to be blamed for what others sign with their own keys.
    found.principal = usable.principal
    return decideKey(check, usable, request.version, policy, now)
  }
}

/** Last of all: what is refused for any other reason has used up nothing. Rejects with a Fault. */
function createBurn({ nonces, nonceLifetimeMs, onBurn }: KeyDependencies) {
  const lifetimeMs = nonceLifetimeMs
  const rememberedMax = Math.min(2 * lifetimeMs + CLOCK_STEP_MS, NONCES_PER_KEY_MAX)

  return async function burn(request: SignedRequest): Promise<Deny | undefined> {
    const nonceMs = readNonceMs(request) as number
    try {
      const outcome = await nonces.burn({ kid: request.kid, nonceMs, lifetimeMs, rememberedMax })
      onBurn(outcome)
      return outcome === 'burned' ? undefined : deny(REFUSED_BURNS[outcome])
    } catch (fault) {
      onBurn('fault')
      throw fault
    }
  }
}

function createGrant({ makeGrant, onFault }: Shared) {
  async function signOrRefuse(found: Findings, made: Promise<Answer>): Promise<Answer> {
    try {
      return await made
    } catch (cause) {
      onFault(new Fault('signer_failed', { cause }))
      return unavailable(found, 'signer_failed')
    }
  }
  return function grant(
    { check, found }: Asking,
    entry: KeyEntry,
    policy: Policy,
    now: number,
  ): Answer | Promise<Answer> {
    const made = makeGrant(entry, surveyRoutes(policy.routes, check).audience, now)
    return made instanceof Promise ? signOrRefuse(found, made) : made
  }
}
