import { listenAddress } from './parsers.ts'
import type { Problem } from './problem.ts'
import type { ProcessName } from './setting.ts'
import { type Config, type SettingName, settings, variableOf } from './settings.ts'

/** Something that two or more settings must agree on. */
interface Rule {
  readonly names: readonly SettingName[]
  /** Who minds; every process where absent. */
  readonly for?: readonly ProcessName[]
  readonly isBroken: (config: Config) => boolean
  readonly text: string
}

function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.[0-9]+){3}$/.test(hostname)
  )
}

/** Port 0 is a different port for each. */
function isSameAddress(
  config: Config,
  one: 'listen' | 'identityListen',
  two: 'opsListen' | 'identityListen',
): boolean {
  const address = config[one]
  if (address.kind === 'tcp' && address.port === 0) return false
  return listenAddress.print(address) === listenAddress.print(config[two])
}

const RULES: readonly Rule[] = [
  {
    names: ['heartbeatMs', 'leaseMs'],
    for: ['dev', 'authorizer', 'identity'],
    isBroken: (config) => config.heartbeatMs * 2 > leaseMsOf(config),
    text: 'the heartbeat may be at most half of the lease, or one late beat ends all belief',
  },
  {
    names: ['leaseMs', 'revocationProfile'],
    isBroken: (config) =>
      config.revocationProfile === 'strict' && leaseMsOf(config) > STRICT_LEASE_MS_MAX,
    text: 'strict means that a logout is in force within 10 s; choose availability for more',
  },
  {
    names: ['leaseMs', 'revocationProfile'],
    isBroken: (config) =>
      config.revocationProfile === 'availability' && leaseMsOf(config) <= STRICT_LEASE_MS_MAX,
    text: 'availability means a lease of more than 10 s; choose strict for less',
  },
  {
    names: ['fenceMs', 'redisUrl'],
    for: ['identity'],
    isBroken: (config) =>
      config.fenceMs === 0 && /^rediss?\+(sentinel|cluster):/.test(config.redisUrl?.reveal() ?? ''),
    text:
      'Redis that replaces its primary by itself needs the time after which the old one refuses ' +
      'writes: min-replicas-max-lag, in ms',
  },
  {
    names: ['answerWithinMs', 'storeTimeoutMs'],
    isBroken: (config) => config.answerWithinMs <= config.storeTimeoutMs,
    text: 'the time to answer must be longer than the time that a store may take',
  },
  {
    names: ['jwtTtlS', 'sessionLifetimeS'],
    isBroken: (config) => config.jwtTtlS > config.sessionLifetimeS,
    text: 'a token may not outlive the longest session',
  },
  {
    names: ['sessionIdleS', 'sessionLifetimeS'],
    isBroken: (config) => config.sessionIdleS > config.sessionLifetimeS,
    text: 'a session cannot be idle for longer than it lives',
  },
  {
    names: ['rateRequestCost', 'rateFailureCost', 'ratePerAddress'],
    isBroken: ({ ratePerAddress: rate, ...costs }) =>
      rate !== 'off' && Math.max(costs.rateRequestCost, costs.rateFailureCost) > rate.burst,
    text: 'a request may not cost more than an address can ever have',
  },
  {
    names: ['publicOrigin'],
    isBroken: (config) =>
      config.publicOrigin.startsWith('http:') && !isLoopback(config.publicOrigin),
    text: 'over plain http anyone on the way can read the session cookie; use https',
  },
  {
    names: ['identityListen', 'listen'],
    for: ['dev'],
    isBroken: (config) => isSameAddress(config, 'listen', 'identityListen'),
    text: 'two listeners cannot share an address',
  },
  {
    names: ['opsListen', 'listen'],
    for: ['dev', 'authorizer'],
    isBroken: (config) => isSameAddress(config, 'listen', 'opsListen'),
    text: 'two listeners cannot share an address',
  },
  {
    names: ['opsListen', 'identityListen'],
    for: ['dev', 'identity'],
    isBroken: (config) => isSameAddress(config, 'identityListen', 'opsListen'),
    text: 'two listeners cannot share an address',
  },
  {
    names: ['keysDirectory', 'jwksUrl'],
    for: ['identity'],
    isBroken: (config) => config.keysDirectory === undefined && config.jwksUrl === undefined,
    text: 'dvara identity needs one of them to verify tokens',
  },
  {
    names: ['keysDirectory', 'cookieKeysDirectory'],
    for: ['identity'],
    isBroken: (config) => cookieKeysDirectoryOf(config) === undefined,
    text: 'dvara identity needs one of them to seal session cookies',
  },
  {
    names: ['smtpUrl', 'mailOutbox'],
    for: ['identity'],
    isBroken: (config) => (config.smtpUrl === undefined) === (config.mailOutbox === undefined),
    text: 'dvara identity needs exactly one of them to deliver mail',
  },
  {
    names: ['mailFrom', 'smtpUrl'],
    isBroken: (config) =>
      config.smtpUrl !== undefined && config.mailFrom === settings.mailFrom.fallback,
    text: 'a mail server will not take mail from localhost; say whom it comes from',
  },
]

const STRICT_LEASE_MS_MAX = 10_000
const LEASE_MS = { strict: 2000, availability: 30_000 } as const

/** The lease that was chosen, or the profile's. */
export function leaseMsOf(config: Pick<Config, 'leaseMs' | 'revocationProfile'>): number {
  return config.leaseMs ?? LEASE_MS[config.revocationProfile]
}

/** Settings that are right alone and wrong together. Those in `spoilt` are not judged again. */
export function findConflicts(
  config: Config,
  process: ProcessName,
  spoilt: ReadonlySet<SettingName>,
): Problem[] {
  const problems: Problem[] = []
  for (const rule of RULES) {
    if (rule.for !== undefined && !rule.for.includes(process)) continue
    if (rule.names.some((name) => spoilt.has(name)) || !rule.isBroken(config)) continue
    problems.push({ setting: rule.names.map(variableOf).join(', '), text: rule.text })
  }
  return problems
}

/** Where the keys of session cookies lie. */
export function cookieKeysDirectoryOf<K extends string | undefined>(config: {
  readonly cookieKeysDirectory: string | undefined
  readonly keysDirectory: K
}): string | K {
  return config.cookieKeysDirectory ?? config.keysDirectory
}

/** What the session cookie is called: with https only this host can set it (RFC 6265bis §4.1.3). */
export function sessionCookieName(config: Pick<Config, 'cookieName' | 'publicOrigin'>): string {
  return config.publicOrigin.startsWith('https:')
    ? `__Host-${config.cookieName}`
    : config.cookieName
}
