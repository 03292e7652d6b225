import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { leaseMsOf, sessionCookieName } from '../config/rules.ts'
import type { Config } from '../config/settings.ts'
import { Fault } from '../core/fault.ts'
import type { CookieRing } from '../crypto/cookie-ring.ts'
import type { Crypto } from '../crypto/engine.ts'
import type { KeyEncryptionKeys } from '../crypto/envelope.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { watchKeyrings } from '../crypto/keyring-watch.ts'
import { type Engine, type ListenAt, openEngine } from '../gateway/engine.ts'
import { createServer, type Server } from '../gateway/server.ts'
import type { Geo } from '../store/geo.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import { systemClock } from '../store/system-clock.ts'
import type { Log } from '../telemetry/log.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import type { Readiness } from '../telemetry/ops.ts'
import { createAuthorize } from './authorize.ts'
import { type Desk, openDesk } from './desk.ts'
import { createFollower, type Follower } from './follow.ts'
import { sampleGauges } from './gauges.ts'
import { createGrants } from './grants.ts'
import type { Limits } from './limits.ts'
import { createMemory, type Memory, rememberedOf } from './memory.ts'
import { createMint } from './mint.ts'
import { networksOf } from './networks.ts'
import { countFaults, createObserve, createReport, type SayFault } from './observe.ts'
import { type Auditing, openAuditing } from './open-audit.ts'
import { openFactFlights } from './open-facts.ts'
import { openKeyDependencies, warm } from './open-keys.ts'
import { openLimits } from './open-limits.ts'
import { openShadow } from './open-shadow.ts'
import { openPlaces } from './places.ts'
import { openPolicy, type PolicyHolder } from './policy.ts'
import { becomeAble, readinessOf } from './readiness.ts'
import { createRefreshed, type Refreshed } from './refresh.ts'
import { createSelfAudit } from './self-audit.ts'
import { openSigner } from './signing.ts'
import { createToucher, type Toucher } from './touch.ts'
import type { WorkerNames } from './words.ts'

/** One authorizer in this process, listening. */
export interface RunningAuthorizer {
  /** Of the listener; 0 for a unix socket. */
  readonly port: number
  readonly metrics: Metrics
  /** Able to decide now? */
  readiness(): Readiness
  /** What operators ask. */
  readonly ask: Desk['ask']
  /** Reads policy file and keyring again now. */
  reload(): Promise<void>
  /** Stops accepting (`onClosed`), finishes what was begun, reports what is owed, closes. */
  drain(onClosed?: () => void): Promise<void>
}

export interface StartOptions {
  readonly config: Config
  readonly listenAt: ListenAt
  readonly policyFile: string
  readonly keysDirectory: string
  readonly keyring: Keyring
  /** What the secrets of API keys are sealed under; undefined: none can be used. */
  readonly secretsKey: KeyEncryptionKeys | undefined
  readonly crypto: Crypto
  readonly cookieRing: CookieRing
  readonly cookieKeysDirectory: string
  readonly stores: AuthorizerStores
  /** What stands behind `stores`, for the metric of its faults. */
  readonly storeName: 'redis' | 'embedded'
  readonly log: Log
  /** Of the release, for the build metric. */
  readonly version: string
  readonly sayFault: SayFault
  /** When the verifying of API keys is made ready: see `warm`. */
  readonly warms: 'first' | 'soon'
  /** What it is called by; drawn if not given. */
  readonly names?: WorkerNames
  /** Others answer on this port already. */
  readonly isJoining?: boolean
  /** Nothing is asked of `stores` before; rejects if they are not to be had. */
  readonly whenReady?: Promise<void>
}

const { monotonicMs } = systemClock

/** How often the policy file and the keyring are looked at. */
const WATCH_EVERY_MS = 500
/** One session's idle deadline is reported to the store at most this often. */
const TOUCH_EVERY_MS_MAX = 30_000
const TOUCH_FLUSH_EVERY_MS = 500

/** Joins the rooms; rejects with a Fault, an EngineError or a PolicyError. */
export async function startAuthorizer(given: StartOptions): Promise<RunningAuthorizer> {
  const { config, stores, log } = given
  const engine = await openEngine(config.engine, (message) => log.warn(message))
  const build = { version: given.version, node: process.version, engine: engine.kind }
  const metrics = createMetrics({ build })
  const options = { ...given, sayFault: countFaults(given, metrics) }
  const memory = createMemory({ ...config, leaseMs: leaseMsOf(config) }, monotonicMs)
  const policy = await openPolicy({
    policyFile: options.policyFile,
    policies: stores.policies,
    cookieName: sessionCookieName(config),
    isCsrfRequired: config.csrfProtection,
    binding: config.sessionBinding,
    onChange: createReport(log, metrics).policyChanged,
    onFault: (fault) => options.sayFault('policy', fault),
  })
  const places = await openPlaces(config, log)
  const keyringWatch = watchKeyrings({
    rings: [
      { directory: options.keysDirectory, keyring: options.keyring },
      { directory: options.cookieKeysDirectory, keyring: options.cookieRing },
    ],
    everyMs: WATCH_EVERY_MS,
    onRefused: (problem) => log.error({ problem }, 'keys were refused; the old ones hold on'),
  })
  const keys = createRefreshed(
    async () => {
      // What it is has been said by the watch.
      if (!(await keyringWatch.look())) throw new Fault('store_garbage', { about: 'the keyring' })
    },
    (fault) => options.sayFault('keyring', fault),
  )
  const follower = followLog(options, memory, policy, keys.changed, metrics)
  const toucher = openToucher(options)
  const { isSealed } = given.cookieRing
  const run = given.names?.run
  const { findPlace } = places
  const shadow = openShadow(config, log, metrics, { policy, findPlace })
  const own = { config, run, policy, follower, shadow, memory, stores, isSealed, monotonicMs }
  const desk = openDesk({ ...own, findPlace })
  const limits = await openLimits(config, metrics, stores.rates, options.sayFault)
  const auditing = openAuditing({
    ...{ config, metrics, activities: stores.activities, sayFault: options.sayFault },
    policy: policy.current,
    idOf: desk.ids.print,
    countryOf: ({ address }) => places.findPlace(address)?.countryCode.toUpperCase() ?? '',
  })
  const joined = { engine, metrics, memory, policy, places, follower, toucher, limits, desk }
  const server = openServer({ options, auditing, keys, ...joined })
  await given.whenReady
  policy.watch(WATCH_EVERY_MS)
  const meanwhile = () => warm(options.crypto.publicKeys, options.warms)
  const parts = { follower, policy, keys, clock: systemClock, meanwhile }
  await becomeAble(parts, given.isJoining === true)
  const { port } = await server.listen(options.listenAt)
  sampleGauges({ metrics, memory, policy, places, follower, monotonicMs, nowMs: Date.now })

  return {
    port,
    metrics,
    readiness: () => readinessOf({ lease: memory.lease, policy, places, nowMs: monotonicMs() }),
    ask: desk.ask,
    async reload() {
      await Promise.all([policy.reloadRoutes(), keyringWatch.look(), places.look(), shadow?.look()])
    },
    async drain(onClosed) {
      await server.drain(config.drainMs, onClosed)
      await server.close()
      await Promise.all([auditing.drain(), limits.drain()])
      keyringWatch.close()
      policy.close()
      places.close()
      shadow?.close()
      await toucher.drain()
      await follower.drain()
      metrics.close()
    },
  }
}

function followLog(
  options: StartOptions,
  memory: Memory,
  policy: PolicyHolder,
  keyringChanged: () => void,
  metrics: Metrics,
): Follower {
  return createFollower({
    worker: options.names?.worker ?? randomBytes(12).toString('base64url'),
    invalidations: options.stores.invalidations,
    ...(options.config.secondLease === 'postgres'
      ? { secondLeases: options.stores.secondLeases }
      : {}),
    lease: memory.lease,
    remembered: {
      facts: rememberedOf(memory),
      ring: memory.ring,
      policyChanged: () => policy.permissionsChanged(),
      restrictionsChanged: () => policy.restrictionsChanged(),
      keyringChanged,
    },
    clock: systemClock,
    heartbeatMs: options.config.heartbeatMs,
    onFault: (fault) => options.sayFault('log', fault),
    onApplied: ({ scope }) => metrics.countInvalidation(scope),
    onGap: () => metrics.count('dvara_log_gaps_total'),
    onEpoch: () => metrics.count('dvara_epoch_changes_total'),
  })
}

function openToucher({ config, stores, sayFault }: StartOptions): Toucher {
  const idleMs = config.sessionIdleS * 1000
  return createToucher({
    facts: stores.facts,
    idleMs,
    everyMs: Math.min(TOUCH_EVERY_MS_MAX, idleMs / 20),
    flushEveryMs: TOUCH_FLUSH_EVERY_MS,
    clock: systemClock,
    onFault: (fault) => sayFault('touch', fault),
  })
}

interface Parts {
  readonly options: StartOptions
  readonly engine: Engine
  readonly metrics: Metrics
  readonly memory: Memory
  readonly policy: PolicyHolder
  /** The signing keys and those of cookies. */
  readonly keys: Refreshed
  readonly places: Geo
  readonly follower: Follower
  readonly toucher: Toucher
  readonly desk: Desk
  readonly limits: Limits
  readonly auditing: Auditing
}

function openServer(parts: Parts): Server {
  const { options, engine, metrics, memory, policy, places, follower, toucher, limits } = parts
  const { config, crypto, keyring, cookieRing, log, sayFault } = options
  const signer = openSigner({ config, engine: crypto, keyring, log, metrics })
  const authorize = createAuthorize({
    policies: policy,
    alsoLoaded: [parts.keys],
    findPlace: places.findPlace,
    table: memory.table,
    flights: openFactFlights({ ...parts, stores: options.stores, nowMs: Date.now }),
    isSealed: cookieRing.isSealed,
    onForged: () => metrics.countLoad('sessions', 'forged'),
    lease: memory.lease,
    beat: follower.beat,
    makeGrant: createGrants({
      mint: createMint({
        signer,
        issuer: config.jwtIssuer,
        lifetimeMs: config.jwtTtlS * 1000,
        isForEach: !config.jwtMemo,
      }),
      kid: signer.kid,
      isSlow: signer.isSlow,
      lifetimeMs: config.jwtTtlS * 1000,
      isMemoized: config.jwtMemo,
      onGrant: (isFresh) => {
        const { alg, kid } = keyring.signing()
        metrics.countTokenSigned(alg, isFresh ? 'fresh' : 'memo')
        if (isFresh) metrics.keyUsed(kid, Date.now())
      },
    }),
    toucher,
    keys: openKeyDependencies({
      ...{ config, memory, follower, metrics, crypto },
      ...{ stores: options.stores, secretsKey: options.secretsKey },
    }),
    limits,
    ...systemClock,
    onFault: (fault) => sayFault('facts', fault),
    onRecall: (isHit) => (isHit ? metrics.countHit('sessions') : metrics.countMiss('sessions')),
  })
  const report = createReport(log, metrics)
  return createServer({
    engine,
    authorize,
    trustedGateways: networksOf(config.trustedGateways),
    trustedProxies: networksOf(config.trustedProxies),
    jwks: () => ({ body: keyring.jwks(), maxAgeS: config.jwksMaxAgeS }),
    answerWithinMs: config.answerWithinMs,
    ids: parts.desk.ids,
    observe: createObserve(metrics, sessionCookieName(config), limits, [
      parts.desk.keep,
      parts.auditing.observe,
      createSelfAudit({
        every: config.selfAuditEvery,
        facts: options.stores.facts,
        follower,
        count: metrics.countSelfAudit,
        onMismatch: (what) => log.error(what, 'an allow was not what Redis says: report this'),
      }),
    ]),
    report: report.gatewayEvent,
    nowUs: () => performance.now() * 1000,
  })
}
