import type { Address } from '../core/address.ts'
import type { ApiKey, KeyRate } from '../core/api-key.ts'
import { type Buckets, compileLimit, createBuckets, type Limit, type Rate } from '../core/bucket.ts'
import type { Check } from '../core/check.ts'
import { type HashKey, hashNetworkInto, hashTextInto } from '../core/keyed-hash.ts'
import type { LimitKind } from '../core/limit-class.ts'
import { matchNetwork, type NetworkSet } from '../core/network.ts'
import type { Policy } from '../core/policy.ts'
import type { Principal } from '../core/principal.ts'
import { REASONS, type Reason } from '../core/reason.ts'
import { surveyRoutes } from '../core/route.ts'
import { createSharedBuckets } from '../core/shared-buckets.ts'
import { createDenial, type Deny } from '../core/verdict.ts'
import type { Settling } from './settle.ts'

/** How much may be asked. Everything it answers is there at once, and built before. */
export interface Limits {
  /** Before anything expensive, and before any credential is looked at; `atMs` as elsewhere. */
  admitAddress(address: Address, atMs?: number): Deny | undefined
  /**
   * After the credential was proven and a rule accepted: nobody can use up the limit of somebody
   * else by naming them, and whoever hears of it knows already that the credential is good. Draws
   * from key, principal and class, or from none of them if one is empty.
   */
  admitProven(
    check: Check,
    policy: Policy,
    principal: Principal,
    key: ApiKey | undefined,
  ): Deny | undefined
  /** After the reply: a credential that was presented and found wrong is charged to its address. */
  chargeFailure(check: Check, reason: Reason, isPresented: boolean): void
  readonly addresses: Pick<Buckets, 'used' | 'evictions'>
  readonly proven: Pick<Buckets, 'used' | 'evictions'>
}

export interface LimitOptions {
  readonly perAddress: Rate | 'off'
  readonly requestCost: number
  readonly failureCost: number
  readonly perPrincipal: Rate | 'off'
  /** Of keys that have no rate of their own. */
  readonly perKey: Rate | 'off'
  readonly exempt: NetworkSet
  readonly bucketsMax: number
  /** Drawn at random: names that share a set cannot be chosen from outside. */
  readonly hashKey: HashKey
  /** Shares what is drawn with other authorizers; undefined: each counts for itself. */
  readonly settling?: Settling | undefined
  readonly monotonicMs: () => number
  readonly onLimited: (limit: LimitKind) => void
}

/** The reasons that say that a presented credential is not what it claims to be. */
const WRONG_CREDENTIAL = new Set<string>([
  'authz.ambiguous_credential',
  'authz.csrf_token_mismatch',
  'authz.invalid_session',
  'authz.client_session_mismatch',
  'authz.unexistent_apikey',
  'authz.invalid_api_key_headers',
  'authz.invalid_signature',
  'authz.nonce_not_valid_timestamp',
  'authz.nonce_expired',
  'authz.nonce_used',
  'authz.ip_not_allowed',
  'authz.apikey_expired',
  'authz.apikey_not_active',
])

/** Retry-After is one of these: the first that is long enough, so that denials are constants. */
const RETRY_AFTER_S = [1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600] as const

/** One of each, so that a name in one table is never taken for one of another kind. */
const KEY_DOMAIN = 1
const PRINCIPAL_DOMAIN = 2
/** With the class in the upper bits; 3 in the lower ones. */
const ROUTE_DOMAIN = 3

export function createLimits(options: LimitOptions): Limits {
  const { requestCost, failureCost, exempt, settling, monotonicMs, onLimited } = options
  const perAddress = limitOf(options.perAddress)
  const perPrincipal = limitOf(options.perPrincipal)
  const perKey = limitOf(options.perKey)
  const { addresses, proven } = openBuckets(options)
  const hashKey = settling?.hashKey ?? (() => options.hashKey)
  const denials = createDenials()
  const rates = new WeakMap<KeyRate, Limit>()
  const name = new Uint32Array(2)

  function refuse(limit: LimitKind, waitMs: number): Deny {
    onLimited(limit)
    const waitS = waitMs / 1000
    const at = RETRY_AFTER_S.findIndex((seconds) => seconds >= waitS)
    return denials[limit].at(at) as Deny
  }

  /** A key's own rate is compiled once for each time that the key is loaded. */
  function limitOfKey({ rate }: ApiKey): Limit | undefined {
    if (rate === undefined) return perKey
    let limit = rates.get(rate)
    if (limit === undefined) {
      limit = compileLimit({ count: rate.perSecond, windowMs: 1000, burst: rate.burst })
      rates.set(rate, limit)
    }
    return limit
  }

  function admitAddress(address: Address, now = monotonicMs()): Deny | undefined {
    if (perAddress === undefined) return undefined
    // Mostly nobody has failed lately: then it need not be told who asks.
    if (requestCost === 0 && addresses.fullFromMs() <= Math.floor(now)) return undefined
    hashNetworkInto(name, hashKey(), address)
    let waitMs = addresses.wait(name, perAddress, now)
    if (waitMs === 0 && requestCost === 0) return undefined
    if (matchNetwork(exempt, address)) return undefined
    if (waitMs === 0) waitMs = addresses.take(name, perAddress, requestCost, now)
    return waitMs === 0 ? undefined : refuse('address', waitMs)
  }

  function take(limit: Limit, domain: number, text: string, now: number): number {
    hashTextInto(name, hashKey(), domain, text)
    return proven.take(name, limit, 1, now)
  }

  function giveBack(limit: Limit, domain: number, text: string, now: number): void {
    hashTextInto(name, hashKey(), domain, text)
    proven.charge(name, limit, -1, now)
  }

  return {
    admitAddress,
    admitProven(check, policy, principal, key) {
      const ofKey = key === undefined ? undefined : limitOfKey(key)
      const ofClass = surveyRoutes(policy.routes, check).limitClass
      if (ofKey === undefined && perPrincipal === undefined && ofClass === undefined) {
        return undefined
      }
      const now = monotonicMs()
      const kid = key?.kid ?? ''
      const { uid } = principal
      if (ofKey !== undefined) {
        const waitMs = take(ofKey, KEY_DOMAIN, kid, now)
        if (waitMs > 0) return refuse('key', waitMs)
      }
      if (perPrincipal !== undefined) {
        const waitMs = take(perPrincipal, PRINCIPAL_DOMAIN, uid, now)
        if (waitMs > 0) {
          if (ofKey !== undefined) giveBack(ofKey, KEY_DOMAIN, kid, now)
          return refuse('principal', waitMs)
        }
      }
      if (ofClass !== undefined) {
        const holder = ofClass.per === 'principal' ? uid : ''
        const waitMs = take(ofClass.limit, (ofClass.domain << 2) | ROUTE_DOMAIN, holder, now)
        if (waitMs > 0) {
          if (ofKey !== undefined) giveBack(ofKey, KEY_DOMAIN, kid, now)
          if (perPrincipal !== undefined) giveBack(perPrincipal, PRINCIPAL_DOMAIN, uid, now)
          return refuse('route', waitMs)
        }
      }
      return undefined
    },
    chargeFailure({ address }, reason, isPresented) {
      if (perAddress === undefined || failureCost === 0) return
      if (!isPresented || !WRONG_CREDENTIAL.has(reason) || matchNetwork(exempt, address)) return
      hashNetworkInto(name, hashKey(), address)
      addresses.charge(name, perAddress, failureCost, monotonicMs())
    },
    addresses,
    proven,
  }
}

/** Of addresses, and of what was proven; shared with other authorizers where it is wanted. */
function openBuckets({ perAddress, bucketsMax, settling }: LimitOptions) {
  const addresses = createBuckets(perAddress === 'off' ? 0 : bucketsMax)
  const proven = createBuckets(bucketsMax)
  if (settling === undefined) return { addresses, proven }
  const shared = {
    addresses: createSharedBuckets(addresses, settling.onDraw),
    proven: createSharedBuckets(proven, settling.onDraw),
  }
  settling.share([shared.addresses, shared.proven])
  return shared
}

function limitOf(rate: Rate | 'off'): Limit | undefined {
  return rate === 'off' ? undefined : compileLimit(rate)
}

function createDenials(): Record<LimitKind, readonly Deny[]> {
  const each = (kind: LimitKind): Deny[] => {
    const reason: Reason = `authz.rate_limited.${kind}`
    return RETRY_AFTER_S.map((seconds) => createDenial(reason, REASONS[reason].status, seconds))
  }
  return {
    address: each('address'),
    key: each('key'),
    principal: each('principal'),
    route: each('route'),
  }
}
