import cluster from 'node:cluster'
import { readFile } from 'node:fs/promises'
import { createObituaries } from '../authorizer/obituary.ts'
import { createSayFault } from '../authorizer/observe.ts'
import { type Ask, createOperations } from '../authorizer/operations.ts'
import { openLoudCrypto } from '../authorizer/signing.ts'
import { startAuthorizer } from '../authorizer/start.ts'
import { createSupervisor, reservePort } from '../authorizer/supervisor.ts'
import type { Post } from '../authorizer/words.ts'
import { serveSupervisor } from '../authorizer/worker.ts'
import { cookieKeysDirectoryOf, leaseMsOf } from '../config/rules.ts'
import type { ConfigFor } from '../config/settings.ts'
import { openCookieRing } from '../crypto/cookie-ring.ts'
import { parseSecretsKey } from '../crypto/envelope.ts'
import { openKeyring } from '../crypto/keyring.ts'
import type { ListenAt } from '../gateway/engine.ts'
import { openAuthorizerStores, openDatabase } from '../store/open.ts'
import { openRoll } from '../store/roll.ts'
import { leaseBoundMs } from '../store/seal-watch.ts'
import { createSecondLeases } from '../store/second-leases.ts'
import { systemClock } from '../store/system-clock.ts'
import { createLog, type Log, type Logging } from '../telemetry/log.ts'
import { createOpsServer, type Readiness } from '../telemetry/ops.ts'
import { createSayAtMost } from '../telemetry/say-at-most.ts'
import { command } from './command.ts'
import { readVersion, shipped } from './release.ts'
import { untilStopped } from './signals.ts'

type Config = ConfigFor<'authorizer'>

const CONNECT_TIMEOUT_MS = 2_000

export const authorizer = command({
  process: 'authorizer',
  about: 'Answer gateways. Needs Redis, and Postgres to start.',
  usage: 'dvara authorizer [settings]',
  own: {},
  async run({ config }) {
    const logging = createLog({ level: config.logLevel, name: 'authorizer' })
    try {
      if (cluster.isWorker) await runWorker(config, logging.log)
      else if (config.workers > 1) await runSupervisor(config, logging.log)
      else await runAlone(config, logging)
      return 0
    } finally {
      logging.flush()
    }
  },
})

/** One process that decides, with its own ops listener. */
async function runAlone(config: Config, { log }: Logging): Promise<void> {
  const running = await openAuthorizer(config, log, listenAtOf(config, 'exclusive'))
  const metrics = () => running.metrics.expose()
  // What exposes them is loaded before it is asked for: checks would wait for it then.
  await metrics()
  const ops = openOps(config, { metrics, isReady: running.readiness, ask: running.ask })
  log.info({ ops: await ops.open(), port: running.port }, 'the authorizer answers')
  const signal = await untilStopped(() => void running.reload())
  log.info({ signal }, 'draining')
  await running.drain()
  await ops.close()
}

/** No deciding here: only processes that do, and what they say of themselves. */
async function runSupervisor(config: Config, log: Log): Promise<void> {
  const { listen, drainMs, workers } = config
  let listenAt = listenAtOf(config, 'shared')
  if (listen.kind === 'tcp') {
    const port = await reservePort(listen)
    listenAt = { host: listen.host, port, mode: 'shared' }
  }
  const sayFault = createSayFault(log, createSayAtMost(Date.now))
  const roll = openRoll({
    url: config.redisUrl.reveal(),
    ca: config.redisCaFile === undefined ? undefined : await readFile(config.redisCaFile, 'utf8'),
    commandTimeoutMs: config.storeTimeoutMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    onFault: (fault) => sayFault('connection', fault),
  })
  // Opens nothing yet: a connection is made when a worker has died.
  const database = openDatabase({ databaseUrl: config.databaseUrl.reveal() }, 1)
  const seconds = config.secondLease === 'off' ? [] : [createSecondLeases(database).strikeDead]
  const obituaries = createObituaries({
    leave: [async (worker) => (await roll).leave(worker), ...seconds],
    clock: systemClock,
    boundMs: leaseBoundMs(leaseMsOf(config)),
    onFault: (fault) => sayFault('members', fault),
  })
  const supervisor = createSupervisor({
    ...{ workersCount: workers, listenAt, drainMs, log },
    onEnded: obituaries.publish,
  })
  const stopped = untilStopped(() => void supervisor.restart())
  await supervisor.start()
  const { loadMetrics: metrics, readiness: isReady, ask } = supervisor
  const ops = openOps(config, { metrics, isReady, ask })
  log.info({ ops: await ops.open(), listenAt, workers }, 'the authorizer answers')
  const signal = await stopped
  log.info({ signal }, 'draining')
  await supervisor.drain()
  await Promise.all([ops.close(), obituaries.drain()])
  ;(await roll).close()
  await database.close()
}

async function runWorker(config: Config, log: Log): Promise<void> {
  await serveSupervisor((post) => openAuthorizer(config, log, post.at, post))
}

async function openAuthorizer(config: Config, log: Log, listenAt: ListenAt, post?: Post) {
  const sayFault = createSayFault(log, createSayAtMost(Date.now))
  const keyring = await openKeyring({ directory: config.keysDirectory })
  const crypto = openLoudCrypto(config, log)
  const cookieKeysDirectory = cookieKeysDirectoryOf(config)
  const { blakeKeys } = crypto
  const cookieRing = await openCookieRing({ directory: cookieKeysDirectory, blakeKeys })
  if (cookieRing.isEmpty()) {
    log.warn({ cookieKeysDirectory }, 'no cookie key yet: no session is known until there is one')
  }
  const stores = await openAuthorizerStores({
    redisUrl: config.redisUrl.reveal(),
    redisCaFile: config.redisCaFile,
    databaseUrl: config.databaseUrl.reveal(),
    commandTimeoutMs: config.storeTimeoutMs,
    onFault: (fault) => sayFault('connection', fault),
  })
  const running = await startAuthorizer({
    config,
    listenAt,
    policyFile: config.policyFile ?? shipped.policyFile,
    keysDirectory: config.keysDirectory,
    keyring,
    secretsKey: config.secretsKey && parseSecretsKey(config.secretsKey.reveal()),
    crypto,
    cookieRing,
    cookieKeysDirectory,
    stores,
    storeName: 'redis',
    warms: 'first',
    log,
    version: readVersion(),
    sayFault,
    ...(post === undefined ? {} : { names: post, isJoining: post.isJoining }),
  })
  return {
    ...running,
    async drain(onClosed?: () => void) {
      await running.drain(onClosed)
      await stores.close()
    },
  }
}

interface Shown {
  readonly metrics: () => Promise<string>
  readonly isReady: () => Readiness
  readonly ask: Ask
}

function openOps({ opsListen }: Config, { metrics, isReady, ask }: Shown) {
  const operations = createOperations(ask)
  return createOpsServer({ listen: opsListen, metrics, isReady, isLive: () => true, operations })
}

function listenAtOf({ listen }: Config, mode: 'exclusive' | 'shared'): ListenAt {
  return listen.kind === 'unix' ? { path: listen.path } : { ...listen, mode }
}
