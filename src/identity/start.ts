import { randomBytes } from 'node:crypto'
import { sessionCookieName } from '../config/rules.ts'
import type { Config } from '../config/settings.ts'
import type { CookieRing } from '../crypto/cookie-ring.ts'
import type { KeyEncryptionKeys } from '../crypto/envelope.ts'
import type { Verifier } from '../crypto/verifier.ts'
import { loadRouteTable } from '../store/routes.ts'
import type { IdentityStores } from '../store/stores.ts'
import { systemClock } from '../store/system-clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { OpsStream } from '../telemetry/ops.ts'
import type { IdentityDeps, IdentitySettings } from './deps.ts'
import { openFits } from './fits.ts'
import { keep } from './keep.ts'
import { createKillFeed } from './kill-feed.ts'
import { LIMITS } from './limits.ts'
import { createOutboxMailer, createSmtpMailer, type Mailer } from './mail.ts'
import { PASSWORD_COST, type PasswordCost } from './password.ts'
import { createIdentityServer } from './server.ts'

export interface RunningIdentity {
  /** `http://host:port`, or the path of the unix socket. */
  readonly address: string
  /** What the ops listener tells beside its pages. */
  readonly streams: readonly OpsStream[]
  /** Stops accepting and finishes what was begun, mail included. */
  drain(): Promise<void>
}

export interface IdentityOptions {
  readonly config: Config
  readonly stores: IdentityStores
  readonly verifier: Verifier
  readonly cookieRing: CookieRing
  readonly secretsKey: KeyEncryptionKeys | undefined
  readonly mailer: Mailer
  readonly policyFile: string
  readonly log: Log
  readonly version: string
  /** Nothing is asked of `stores` before; rejects if they are not to be had. */
  readonly whenReady?: Promise<void>
}

/** Joins the rooms and listens. Rejects with the listener's error. */
export async function startIdentity(options: IdentityOptions): Promise<RunningIdentity> {
  const { config, stores, verifier, cookieRing, secretsKey, mailer, log } = options
  const routes = await watchRoutes(options.policyFile)
  const deps: IdentityDeps = {
    stores,
    verifier,
    cookieRing,
    secretsKey,
    mailer,
    log,
    nowMs: Date.now,
    randomBytes: (count) => randomBytes(count),
    policyRoutes: routes.current,
    settings: settingsOf(config, options.version),
  }
  const app = await createIdentityServer(deps)
  await options.whenReady
  const keeping = keep(stores, systemClock, log)
  const { identityListen } = config
  const address = await app.listen(
    identityListen.kind === 'unix'
      ? { path: identityListen.path }
      : { host: identityListen.host, port: identityListen.port },
  )
  const feed = createKillFeed({
    closings: stores.closings,
    clock: systemClock,
    onFault: (fault) => log.warn({ err: fault }, 'ended sessions cannot be told for now'),
  })
  void feed.start()
  // Loaded now that it delays nobody, and before the first call needs it.
  void openFits()
  return {
    address,
    streams: [{ path: '/sessions/closed', open: feed.open }],
    async drain() {
      feed.close()
      await app.close()
      await keeping.close()
      routes.close()
      mailer.close()
    },
  }
}

function settingsOf(config: Config, version: string): IdentitySettings {
  return {
    publicOrigin: config.publicOrigin,
    corsOrigins: config.corsOrigins,
    trustProxy: [...config.trustedGateways, ...config.trustedProxies],
    cookieName: sessionCookieName(config),
    sessionIdleMs: config.sessionIdleS * 1000,
    sessionLifetimeMs: config.sessionLifetimeS * 1000,
    sessionsPerUserMax: config.sessionsPerUserMax,
    issuer: config.jwtIssuer,
    otpIssuer: config.otpIssuer,
    audience: config.identityAudience,
    passwordEntropyMin: config.passwordEntropyMin,
    passwordCost: passwordCostOf(config),
    mailTokenLifetimeMs: config.mailTokenTtlS * 1000,
    limits: {
      ...LIMITS,
      loginsPerAccountMax: config.loginAttemptsPerMinute,
      loginsPerNetworkMax: config.loginAttemptsPerMinuteAddress,
    },
    version,
  }
}

export function passwordCostOf(config: Config): PasswordCost {
  return { ...PASSWORD_COST, memoryKib: config.argon2MemoryKiB, passes: config.argon2Passes }
}

/** SMTP where it is configured, else the outbox directory. */
export function openMailer(config: Config, outbox: string): Mailer {
  const { smtpUrl, mailFrom } = config
  if (smtpUrl !== undefined) return createSmtpMailer({ url: smtpUrl.reveal(), from: mailFrom })
  return createOutboxMailer({
    folder: outbox,
    from: mailFrom,
    nowMs: Date.now,
    randomBytes: (count) => randomBytes(count),
  })
}

/** The routes in force, read again every few seconds; a broken file keeps the old ones. */
async function watchRoutes(file: string) {
  let current: Record<string, unknown> = {}
  async function look(): Promise<void> {
    const read = await loadRouteTable(file)
    if ('table' in read) current = { ...read.table }
  }
  await look()
  const timer = setInterval(() => void look(), 5000)
  timer.unref()
  return { current: () => current, close: () => clearInterval(timer) }
}
