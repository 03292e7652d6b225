import { LRUCache } from 'lru-cache'
import type { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Address } from '../core/address.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import { networkOf } from './client.ts'

export interface LimitSettings {
  readonly loginWindowMs: number
  /** Failed logins of one account in a window, from everywhere together. */
  readonly loginsPerAccountMax: number
  /** Failed logins from one network in a window, over all accounts. */
  readonly loginsPerNetworkMax: number
  readonly codeWindowMs: number
  /** Wrong one-time codes of one account in a window: three of a million are right at a time. */
  readonly codesPerAccountMax: number
  readonly mailWindowMs: number
  /** Mails asked for one address in a window. */
  readonly mailsPerAccountMax: number
  /** Sign-ups, mails, mailed codes and password estimates asked by one network in a window. */
  readonly mailsPerNetworkMax: number
}

export const LIMITS: LimitSettings = {
  loginWindowMs: 60_000,
  loginsPerAccountMax: 5,
  loginsPerNetworkMax: 30,
  codeWindowMs: 900_000,
  codesPerAccountMax: 10,
  mailWindowMs: 900_000,
  mailsPerAccountMax: 5,
  mailsPerNetworkMax: 60,
}

/** Attempts in one window from anywhere: bounds the memory that buckets take. */
const ATTEMPTS_MAX = 100_000
/** Remembered pairs of an account and a network it signed in from; the oldest is forgotten. */
const KNOWN_PAIRS_MAX = 50_000

/** Counts attempts before any password is hashed; every answer is the seconds to wait, or 0. */
export interface Limits {
  /** One attempt to sign in to `account`, whether or not such an account exists. */
  admitLogin(account: string, address: Address): Promise<number>
  /** The attempt was a success: it does not count, and this network is known from now on. */
  recordLogin(account: string, address: Address): Promise<void>
  /** One try at a one-time code; only whoever has signed in or knows the password gets here. */
  admitCode(account: string, address: Address): Promise<number>
  /** The code was right: the try does not count. */
  recordCode(account: string, address: Address): Promise<void>
  /** One request that may send a mail to `account`. */
  admitMail(account: string, address: Address): Promise<number>
  /** One request that costs work without naming an account. */
  admitWork(address: Address): Promise<number>
}

/** Keys are digests, so that what a caller types cannot grow them. */
function keyOf(...parts: readonly string[]): string {
  return sha256Base64url(parts.join('\n'))
}

/** Loaded by the first attempt: it brings limiters for a dozen databases, 40 modules. */
const loadLibrary = async () => (await import('rate-limiter-flexible')).default

function createBucket(pointsMax: number, windowMs: number) {
  let opened: Promise<RateLimiterMemory> | undefined
  async function open(): Promise<RateLimiterMemory> {
    const { RateLimiterMemory } = await loadLibrary()
    const duration = Math.max(1, Math.ceil(windowMs / 1000))
    return new RateLimiterMemory({ points: pointsMax, duration })
  }
  return {
    async take(key: string): Promise<number> {
      opened ??= open()
      const limiter = await opened
      try {
        await limiter.consume(key)
        return 0
      } catch (problem) {
        const { RateLimiterRes } = await loadLibrary()
        if (!(problem instanceof RateLimiterRes)) throw problem
        return Math.max(1, Math.ceil(problem.msBeforeNext / 1000))
      }
    },
    async giveBack(key: string): Promise<void> {
      opened ??= open()
      await (await opened).reward(key)
    },
  }
}

/** Buckets in this process's memory; each process of the identity API counts for itself. */
export function createLimits(settings: LimitSettings): Limits {
  const { loginWindowMs, mailWindowMs } = settings
  const everyone = createBucket(ATTEMPTS_MAX, Math.max(loginWindowMs, mailWindowMs))
  const accounts = createBucket(settings.loginsPerAccountMax, loginWindowMs)
  const networks = createBucket(settings.loginsPerNetworkMax, loginWindowMs)
  const pairs = createBucket(settings.loginsPerAccountMax, loginWindowMs)
  const mailAccounts = createBucket(settings.mailsPerAccountMax, mailWindowMs)
  const mailNetworks = createBucket(settings.mailsPerNetworkMax, mailWindowMs)
  const codes = createBucket(settings.codesPerAccountMax, settings.codeWindowMs)
  const known = new LRUCache<string, true>({ max: KNOWN_PAIRS_MAX })

  async function admitMailFrom(address: Address): Promise<number> {
    return (await everyone.take('')) || (await mailNetworks.take(keyOf(networkOf(address))))
  }

  return {
    async admitLogin(account, address) {
      const network = networkOf(address)
      const waitS = (await everyone.take('')) || (await networks.take(keyOf(network)))
      if (waitS > 0) return waitS
      // A network that the owner signed in from has a bucket to itself: strangers who use up the
      // account's own cannot lock the owner out.
      const pair = keyOf(account, network)
      return known.has(pair) ? pairs.take(pair) : accounts.take(keyOf(account))
    },
    async recordLogin(account, address) {
      const network = networkOf(address)
      const pair = keyOf(account, network)
      await networks.giveBack(keyOf(network))
      await (known.has(pair) ? pairs.giveBack(pair) : accounts.giveBack(keyOf(account)))
      known.set(pair, true)
    },
    // As for logins: who knows a password but no code cannot use up the tries of the owner.
    async admitCode(account, address) {
      const pair = keyOf(account, networkOf(address))
      return (await everyone.take('')) || codes.take(known.has(pair) ? pair : keyOf(account))
    },
    async recordCode(account, address) {
      const pair = keyOf(account, networkOf(address))
      await codes.giveBack(known.has(pair) ? pair : keyOf(account))
    },
    async admitMail(account, address) {
      return (await admitMailFrom(address)) || mailAccounts.take(keyOf(account))
    },
    admitWork: admitMailFrom,
  }
}
