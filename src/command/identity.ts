import { leaseMsOf } from '../config/rules.ts'
import type { ConfigFor } from '../config/settings.ts'
import { parseSecretsKey } from '../crypto/envelope.ts'
import { openMailer, startIdentity } from '../identity/start.ts'
import type { RosterChange } from '../store/acknowledge.ts'
import { isMigrated, MigrationError } from '../store/migrate.ts'
import { openDatabase, openIdentityStores } from '../store/open.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import { createOpsServer, type Readiness } from '../telemetry/ops.ts'
import { command } from './command.ts'
import { openIdentityKeys } from './identity-keys.ts'
import { readVersion, shipped } from './release.ts'
import { untilStopped } from './signals.ts'

type Config = ConfigFor<'identity'>

/** How often the stores are asked whether they answer, for /health/ready. */
const PING_EVERY_MS = 1000

export const identity = command({
  process: 'identity',
  about: 'Sign people up and in; needs Redis, Postgres and `dvara migrate`.',
  usage: 'dvara identity [settings]',
  own: {},
  async run({ config }) {
    const logging = createLog({ level: config.logLevel, name: 'identity' })
    const { log } = logging
    try {
      await assertMigrated(config)
      const keys = await openIdentityKeys(config, log)
      const metrics = createMetrics({
        build: { version: readVersion(), node: process.version, engine: 'fastify' },
      })
      const stores = await openIdentityStores({
        redisUrl: config.redisUrl.reveal(),
        redisCaFile: config.redisCaFile,
        databaseUrl: config.databaseUrl.reveal(),
        leaseMs: leaseMsOf(config),
        fenceMs: config.fenceMs,
        onFault: (fault) => log.error({ err: fault }, 'a store is away'),
        onReceipt: ({ path, afterMs }) => metrics.observeAck(path, afterMs),
        onNotInForce: () => metrics.count('dvara_revocations_not_in_force_total'),
        onRosterChange: (change) => countRoster(metrics, change),
      })
      const running = await startIdentity({
        config,
        stores,
        verifier: keys.verifier,
        cookieRing: keys.cookieRing,
        secretsKey: config.secretsKey && parseSecretsKey(config.secretsKey.reveal()),
        mailer: openMailer(config, config.mailOutbox ?? 'outbox'),
        policyFile: config.policyFile ?? shipped.policyFile,
        log,
        version: readVersion(),
      })
      const health = watchStores(() => stores.ping())
      const ops = createOpsServer({
        listen: config.opsListen,
        metrics: () => metrics.expose(),
        isReady: health.readiness,
        isLive: () => true,
        streams: running.streams,
      })
      log.info({ ops: await ops.open(), address: running.address }, 'the identity API answers')
      const signal = await untilStopped(() => {})
      log.info({ signal }, 'draining')
      await running.drain()
      health.close()
      keys.close()
      await ops.close()
      metrics.close()
      await stores.close()
      return 0
    } finally {
      logging.flush()
    }
  },
})

function countRoster(metrics: Metrics, change: RosterChange): void {
  if (change.kind === 'epoch') {
    metrics.count('dvara_epoch_changes_total')
    return
  }
  metrics.setGauge('dvara_members', change.count)
  for (let n = 0; n < change.pruned; n++) metrics.count('dvara_members_pruned_total')
}

async function assertMigrated(config: Config): Promise<void> {
  const database = openDatabase({ databaseUrl: config.databaseUrl.reveal() })
  try {
    if (await isMigrated(database, shipped.migrationsDir)) return
    throw new MigrationError('the database is not up to date: run dvara migrate')
  } finally {
    await database.close()
  }
}

function watchStores(ping: () => Promise<void>) {
  let problems: readonly string[] = ['the stores were not asked yet']
  async function look(): Promise<void> {
    problems = await ping().then(
      () => [],
      (fault: unknown) => [fault instanceof Error ? fault.message : 'a store is away'],
    )
  }
  void look()
  const timer = setInterval(() => void look(), PING_EVERY_MS)
  return {
    readiness: (): Readiness => ({ ready: problems.length === 0, problems }),
    close: () => clearInterval(timer),
  }
}
