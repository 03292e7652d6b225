import { randomBytes } from 'node:crypto'
import { access, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createSayFault } from '../authorizer/observe.ts'
import { createOperations } from '../authorizer/operations.ts'
import { openLoudCrypto } from '../authorizer/signing.ts'
import { type RunningAuthorizer, type StartOptions, startAuthorizer } from '../authorizer/start.ts'
import type { ConfigFor } from '../config/settings.ts'
import { ensureCookieKey } from '../crypto/cookie-keys.ts'
import { openCookieRing } from '../crypto/cookie-ring.ts'
import { type KeyEncryptionKeys, parseSecretsKey } from '../crypto/envelope.ts'
import { createKeyringSource } from '../crypto/key-source.ts'
import { openKeyring } from '../crypto/keyring.ts'
import { ensureKey } from '../crypto/keys.ts'
import { ensureSecretsKey } from '../crypto/secrets-key.ts'
import { createVerifier } from '../crypto/verifier.ts'
import { createAdministrator } from '../identity/administrator.ts'
import { createPasswords } from '../identity/password.ts'
import {
  openMailer,
  passwordCostOf,
  type RunningIdentity,
  startIdentity,
} from '../identity/start.ts'
import type { Database } from '../store/database.ts'
import { beginEmbeddedStores, type EmbeddedStores } from '../store/embedded.ts'
import type { IdentityStores } from '../store/stores.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { createOpsServer } from '../telemetry/ops.ts'
import { createSayAtMost } from '../telemetry/say-at-most.ts'
import { readVersion, shipped } from './release.ts'
import { untilStopped } from './signals.ts'
import { type Places, renderTour } from './tour.ts'

type Config = ConfigFor<'dev'>

interface Administrator {
  readonly email: string
  readonly password: string
}

/** Everything below the data directory. */
interface Folder {
  readonly keys: string
  readonly secretsKey: string
  readonly cookieKeys: string
  readonly policyFile: string
  readonly outbox: string
  readonly devFile: string
  readonly cookieJar: string
}

const ADMIN_EMAIL = 'admin@dvara.localhost'

/**
 * Starts both processes on `database`, shows the way in, waits to be stopped, and closes it. What
 * needs no database is made ready while it opens.
 */
export async function runDev(config: Config, database: Promise<Database>): Promise<void> {
  const { migrationsDir } = shipped
  const { stores, ready } = beginEmbeddedStores({ database, migrationsDir })
  // Everybody who waits for it hears of it, and until then it is nobody's.
  ready.catch(() => undefined)
  try {
    await serve(config, stores, ready)
  } finally {
    await stores.close()
  }
}

async function serve(config: Config, stores: EmbeddedStores, ready: Promise<void>): Promise<void> {
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  const logging = createLog({ level, name: 'dev' })
  try {
    const finding = ready.then(() => stores.identity.users.findByEmail(ADMIN_EMAIL))
    finding.catch(() => undefined)
    const folder = await prepareFolder(resolve(config.dataDirectory), config)
    const parts = await startParts({ config, folder, stores, ready, log: logging.log })
    try {
      const isFresh = (await finding) === undefined
      const admin = isFresh
        ? await makeAdministrator(stores.identity, folder, config)
        : await readAdministrator(folder.devFile)
      await writeDevFile(folder.devFile, { ...parts.places, admin })
      // Before anybody hears that it is up, and may stop it.
      const stopped = untilStopped(() => void parts.authorizer.reload())
      printWelcome(parts.places, folder, admin, isFresh)
      await stopped
    } finally {
      await parts.drain()
    }
  } finally {
    logging.flush()
  }
}

interface Foundation {
  readonly config: Config
  readonly folder: Folder
  readonly stores: EmbeddedStores
  /** Whether the stores are to be had. */
  readonly ready: Promise<void>
  readonly log: Log
}

async function startParts(foundation: Foundation) {
  const { config, folder, ready } = foundation
  const version = readVersion()
  const shared = { ...(await openShared(foundation)), version, whenReady: ready }
  const starting = startAuthorizer(authorizerOptions(foundation, shared))
  const identifying = startIdentity({
    ...shared,
    stores: foundation.stores.identity,
    verifier: createVerifier({
      keys: createKeyringSource(shared.keyring),
      publicKeys: shared.crypto.publicKeys,
    }),
    mailer: openMailer(config, folder.outbox),
  })
  const [authorizer, identity] = await bothOf(starting, identifying, ready)
  const drains = [identity.drain, authorizer.drain]
  const drain = async () => {
    for (const one of drains) await one()
  }
  try {
    const ops = createOps(config, authorizer, identity)
    const opsAddress = await ops.open()
    drains.push(ops.close)
    const places: Places = {
      authorizer: placeOf(config, authorizer),
      identity: identity.address,
      ops: opsAddress.startsWith('unix:') ? opsAddress : `http://${opsAddress}`,
    }
    return { places, authorizer, drain }
  } catch (problem) {
    await drain()
    throw problem
  }
}

/** What both processes are given. */
type Shared = Pick<
  StartOptions,
  'config' | 'log' | 'policyFile' | 'keyring' | 'secretsKey' | 'crypto' | 'cookieRing' | 'version'
> & { readonly whenReady: Promise<void> }

async function openShared({ config, folder, log }: Foundation) {
  const keyring = await openKeyring({ directory: folder.keys })
  const secretsKey = await openSecretsKey(config, folder)
  const crypto = openLoudCrypto(config, log)
  const { blakeKeys } = crypto
  const cookieRing = await openCookieRing({ directory: folder.cookieKeys, blakeKeys })
  return { config, log, policyFile: folder.policyFile, keyring, secretsKey, crypto, cookieRing }
}

function authorizerOptions({ config, folder, stores, log }: Foundation, shared: Shared) {
  const { listen } = config
  return {
    ...shared,
    listenAt:
      listen.kind === 'unix' ? { path: listen.path } : { ...listen, mode: 'exclusive' as const },
    keysDirectory: folder.keys,
    cookieKeysDirectory: folder.cookieKeys,
    stores: stores.authorizer,
    storeName: 'embedded' as const,
    warms: 'soon' as const,
    sayFault: createSayFault(log, createSayAtMost(Date.now)),
  } satisfies StartOptions
}

/** Rejects with what keeps the stores from being had, else with the authorizer's problem. */
async function bothOf(
  starting: Promise<RunningAuthorizer>,
  identifying: Promise<RunningIdentity>,
  ready: Promise<void>,
): Promise<[RunningAuthorizer, RunningIdentity]> {
  const [authorizer, identity] = await Promise.allSettled([starting, identifying])
  try {
    await ready
    return [await starting, await identifying]
  } catch (problem) {
    for (const one of [identity, authorizer]) if ('value' in one) await one.value.drain()
    throw problem
  }
}

/** The operator's, or one that is made in the folder. */
async function openSecretsKey(config: Config, folder: Folder): Promise<KeyEncryptionKeys> {
  if (config.secretsKey === undefined) return ensureSecretsKey(folder.secretsKey)
  return parseSecretsKey(config.secretsKey.reveal())
}

function createOps(
  { opsListen }: Config,
  { metrics, readiness, ask }: RunningAuthorizer,
  { streams }: RunningIdentity,
) {
  return createOpsServer({
    listen: opsListen,
    metrics: () => metrics.expose(),
    isReady: readiness,
    isLive: () => true,
    operations: createOperations(ask),
    streams,
  })
}

function placeOf({ listen }: Config, { port }: RunningAuthorizer): string {
  if (listen.kind === 'unix') return `unix:${listen.path}`
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return `http://${host}:${port}`
}

/** Makes the keyring and a policy file to edit, where there is none. */
async function prepareFolder(directory: string, config: Config): Promise<Folder> {
  const keys = config.keysDirectory ?? join(directory, 'keys')
  const folder: Folder = {
    keys,
    cookieKeys: config.cookieKeysDirectory ?? keys,
    secretsKey: join(directory, 'secrets.key'),
    policyFile: config.policyFile ?? join(directory, 'policy.yml'),
    outbox: config.mailOutbox ?? join(directory, 'outbox'),
    devFile: join(directory, 'dev.json'),
    cookieJar: join(directory, 'cookies.txt'),
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await ensureKey({ directory: folder.keys, algorithm: config.jwtAlgorithm, nowMs: Date.now() })
  await ensureCookieKey({ directory: folder.cookieKeys, nowMs: Date.now() })
  if (config.policyFile === undefined) {
    await access(folder.policyFile).catch(() => copyFile(shipped.policyFile, folder.policyFile))
  }
  return folder
}

/**
 * The first run makes one administrator with a random password; later ones read it back. It is
 * written down before it is made, so that no crash leaves one whose password nobody knows.
 */
async function makeAdministrator(
  stores: IdentityStores,
  { devFile }: Folder,
  config: Config,
): Promise<Administrator> {
  const admin = { email: ADMIN_EMAIL, password: randomBytes(18).toString('base64url') }
  await writeDevFile(devFile, { admin })
  await createAdministrator({
    stores,
    passwords: createPasswords(passwordCostOf(config)),
    randomBytes,
    ...admin,
  })
  return admin
}

async function readAdministrator(devFile: string): Promise<Administrator | undefined> {
  try {
    const { admin } = JSON.parse(await readFile(devFile, 'utf8')) as { admin?: Administrator }
    return admin
  } catch {
    return undefined
  }
}

/** For the owner's eyes alone; a reader never sees half of it. */
async function writeDevFile(file: string, content: object): Promise<void> {
  const partial = `${file}.partial`
  await writeFile(partial, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  await rename(partial, file)
}

function printWelcome(
  places: Places,
  folder: Folder,
  admin: Administrator | undefined,
  isFresh: boolean,
): void {
  const { devFile, cookieJar, policyFile } = folder
  const lines = [
    'dvara is up.',
    '',
    `  authorizer     ${places.authorizer}    gateways ask /authz/nginx, /authz/envoy/…, …`,
    `  identity API   ${places.identity}    to read: ${places.identity}/api/v2/docs`,
    `  operations     ${places.ops}    /metrics, /health/ready, /decisions`,
    `  policy         ${policyFile}    edit it: changes are in force within a second`,
  ]
  if (isFresh && admin !== undefined) {
    lines.push('', 'The administrator, made just now; the password is shown this once:', '')
    lines.push(`  ${admin.email}  ${admin.password}`)
  }
  lines.push('', `Addresses and sign-in are kept in ${devFile}.`)
  lines.push('', 'Paste this into another terminal:', '')
  lines.push(renderTour({ places, devFile, cookieJar }))
  process.stdout.write(lines.join('\n'))
}
