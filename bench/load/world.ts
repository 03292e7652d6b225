import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openCookieRing } from '../../src/crypto/cookie-ring.ts'
import { openCrypto } from '../../src/crypto/engine.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openIdentityStores } from '../../src/store/open.ts'
import type { IdentityStores } from '../../src/store/stores.ts'
import {
  createFolder,
  findPort,
  type RunningServer,
  removeFolder,
  startPostgres,
  startRedis,
} from '../../test/process/servers.ts'
import { dvara, MAIN } from '../../test/process/stack.ts'
import { type Measured, startMeasured } from './place.ts'

export type Settings = Readonly<Record<string, string>>

/** Real stores with a full policy, and authorizers over them. */
export interface World {
  readonly redis: RunningServer
  readonly database: Database
  readonly identity: IdentityStores
  readonly folder: string
  /** Under which secrets of API keys are sealed. */
  readonly secretsKey: string
  /** The cookie of a secret id. */
  readonly seal: (secretId: string) => string
  /** An authorizer of its own, ready to decide. `node` are arguments of Node itself. */
  startAuthorizer(name: string, settings?: Settings, more?: Starting): Promise<Authorizer>
  stop(): Promise<void>
}

export interface Authorizer extends Measured {
  readonly opsUrl: string
}

export interface Starting {
  readonly algorithm?: 'EdDSA' | 'ES256' | 'RS256'
  readonly node?: readonly string[]
  readonly cores?: string
}

export interface WorldOptions {
  readonly permissionsCount: number
  readonly restrictionsCount: number
}

/** What the goals are stated for. */
export const FULL_POLICY: WorldOptions = { permissionsCount: 200, restrictionsCount: 50 }

/** On a busy machine a heartbeat may be late; what is measured is not how often that happens. */
const PATIENCE = {
  DVARA_LEASE_MS: '10000',
  DVARA_STORE_TIMEOUT_MS: '2000',
  DVARA_ANSWER_WITHIN_MS: '5000',
}
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'] as const

export async function openWorld(options: WorldOptions = FULL_POLICY): Promise<World> {
  const folder = await createFolder('bench')
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  const secretsKey = randomBytes(32).toString('hex')
  const urls = { DVARA_REDIS_URL: redis.url, DVARA_DATABASE_URL: postgres.url }
  const shared = { ...urls, DVARA_SECRETS_KEY: secretsKey, DVARA_LOG_LEVEL: 'error', ...PATIENCE }
  const cookieKeys = join(folder, 'cookie')
  const directoryOf = (algorithm: string) => join(folder, algorithm)
  for (const directory of [cookieKeys, ...ALGORITHMS.map(directoryOf)]) await mkdir(directory)
  await dvara(['migrate'], shared)
  for (const algorithm of ALGORITHMS) {
    await dvara(['keys', 'generate'], {
      ...shared,
      DVARA_KEYS_DIRECTORY: directoryOf(algorithm),
      DVARA_COOKIE_KEYS_DIRECTORY: cookieKeys,
      DVARA_JWT_ALGORITHM: algorithm,
    })
  }
  const database = openDatabase({ databaseUrl: postgres.url })
  const identity = await openIdentityStores({
    ...{ redisUrl: redis.url, databaseUrl: postgres.url, onFault: () => undefined },
  })
  await fillPolicy(database, options)
  await identity.keeper.seal()
  const { blakeKeys } = openCrypto('wasm', (problem) => {
    throw new Error(problem)
  })
  const ring = await openCookieRing({ directory: cookieKeys, blakeKeys })

  return {
    ...{ redis, database, identity, folder, secretsKey, seal: ring.seal },
    async startAuthorizer(name, settings = {}, more = {}) {
      const [port, opsPort] = [await findPort(), await findPort()]
      const ready = () => isReady(opsPort)
      const started = await startMeasured({
        ...{ name, port, ready, command: process.execPath },
        args: [...(more.node ?? []), MAIN, 'authorizer'],
        ...(more.cores === undefined ? {} : { cores: more.cores }),
        env: {
          ...shared,
          DVARA_KEYS_DIRECTORY: directoryOf(more.algorithm ?? 'EdDSA'),
          DVARA_COOKIE_KEYS_DIRECTORY: cookieKeys,
          DVARA_LISTEN: `127.0.0.1:${port}`,
          DVARA_OPS_LISTEN: `127.0.0.1:${opsPort}`,
          ...settings,
        },
      })
      return { ...started, opsUrl: `http://127.0.0.1:${opsPort}` }
    },
    async stop() {
      await Promise.all([identity.close(), database.close()])
      await Promise.all([redis.stop(), postgres.stop()])
      await removeFolder(folder)
    },
  }
}

/** Rows that a new installation has. */
const OWN_PERMISSIONS = 25

async function isReady(opsPort: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${opsPort}/health/ready`)
  await response.body?.cancel()
  if (response.status !== 200) await pause(5)
  return response.status === 200
}

/**
 * Rows beside those that every installation begins with: nine in ten name paths of the member's
 * own part of the application, the others those of another role; and networks that are kept out.
 */
export async function fillPolicy(
  database: Database,
  { permissionsCount, restrictionsCount }: WorldOptions,
): Promise<void> {
  await database.query("delete from permissions where path like '/api/v2/part%'")
  await database.query('delete from restrictions')
  await database.query(
    `insert into permissions (role, verb, path, action)
     select case n % 10 when 0 then 'trader' else 'member' end,
       (array['GET','POST','PUT','ALL'])[1 + n % 4], '/api/v2/part' || n / 8 || '/thing' || n,
       'ACCEPT'
     from generate_series(1, $1::float8::int) as n`,
    [Math.max(0, permissionsCount - OWN_PERMISSIONS)],
  )
  await database.query(
    `insert into restrictions (category, scope, value, code)
     select 'blacklist', 'ip_subnet',
       (10 + n / 65536) || '.' || (n / 256) % 256 || '.' || n % 256 || '.0/24', 403
     from generate_series(0, $1::float8::int - 1) as n`,
    [restrictionsCount],
  )
  await database.query('update policy_version set version = version + 1')
}
