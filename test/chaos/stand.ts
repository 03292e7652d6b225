import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openIdentityStores } from '../../src/store/open.ts'
import type { IdentityStores } from '../../src/store/stores.ts'
import { CHEAP_HASHES, prepareStores } from '../process/prepare.ts'
import {
  createFolder,
  findPort,
  type RunningServer,
  removeFolder,
  startPostgres,
  startRedis,
} from '../process/servers.ts'
import { startDvara, untilReady } from '../process/stack.ts'
import { type Edge, openEdge } from './edge.ts'
import { callRedis } from './redis-hand.ts'

/** One authorizer with its own port, its own ways to the stores and its own wall clock. */
export interface Worker {
  readonly server: RunningServer
  readonly port: number
  readonly opsUrl: string
  readonly redis: Edge
  readonly clockFile: string
}

export interface Identity {
  readonly server: RunningServer
  readonly redis: Edge
  readonly postgres: Edge
  readonly clockFile: string
}

/** Everything that runs, and every edge between it. */
export interface Stand {
  readonly leaseMs: number
  readonly fenceMs: number
  readonly secretsKey: string
  readonly admin: { readonly email: string; readonly password: string }
  readonly workers: readonly Worker[]
  readonly identities: readonly Identity[]
  readonly postgres: RunningServer
  /** Whom every edge leads to; `replica` follows it, where there is one. */
  readonly primary: RunningServer
  readonly replica: RunningServer | undefined
  /** A third way to the stores, for what has no short call of the API. */
  readonly stores: IdentityStores
  /** All edges to Redis: those of authorizers first. */
  redisEdges(): readonly Edge[]
  /** The other Redis is the primary from now on, for these edges. */
  promote(edges: readonly Edge[]): Promise<void>
  /** Whoever is not the primary becomes its replica. */
  rejoin(): Promise<void>
  /** Stops an authorizer and starts one in its place with other settings. */
  replaceWorker(at: number, settings: Readonly<Record<string, string>>): Promise<void>
  stop(): Promise<void>
}

export interface StandOptions {
  readonly workersCount: number
  readonly identitiesCount: number
  readonly hasReplica: boolean
  readonly leaseMs: number
  readonly heartbeatMs: number
  /** How long a primary that was replaced may go on writing. */
  readonly fenceMs: number
  readonly random: () => number
  readonly say: (line: string) => void
}

const PRELUDE = fileURLToPath(new URL('wall-clock.js', import.meta.url))
/** With a replica, a primary that no replica follows refuses to write within this. */
const REPLICA_LAG_S_MAX = 1

export async function startStand(options: StandOptions): Promise<Stand> {
  const { leaseMs, heartbeatMs, fenceMs, say, random } = options
  const folder = await createFolder('chaos')
  const [postgres, ...redises] = await Promise.all([
    startPostgres({ settings: { max_connections: '200' } }),
    startRedis(REDIS),
    ...(options.hasReplica ? [startRedis(REDIS)] : []),
  ])
  let primary = redises[0] as RunningServer
  const secretsKey = randomBytes(32).toString('hex')
  const shared = {
    DVARA_KEYS_DIRECTORY: join(folder, 'keys'),
    DVARA_SECRETS_KEY: secretsKey,
    DVARA_LOG_LEVEL: 'warn',
    DVARA_LEASE_MS: String(leaseMs),
    DVARA_HEARTBEAT_MS: String(heartbeatMs),
    DVARA_FENCE_MS: String(fenceMs),
    DVARA_DRAIN_MS: '1000',
    ...CHEAP_HASHES,
  }
  say('migrating')
  const admin = await prepareStores({
    ...{ redisUrl: primary.url, databaseUrl: postgres.url },
    keysDirectory: shared.DVARA_KEYS_DIRECTORY,
  })

  const edges: Edge[] = []
  async function edge(name: string, targetPort: number, speaks: 'resp' | 'bytes') {
    const opened = await openEdge({ name, targetPort, speaks, random })
    edges.push(opened)
    return opened
  }
  const place: Place = { folder, shared, edge, postgres, primary: () => primary }
  say(`starting ${options.identitiesCount} identity APIs and ${options.workersCount} authorizers`)
  const [identities, workers] = await Promise.all([
    all(options.identitiesCount, (at) => startIdentity(place, at)),
    all(options.workersCount, (at) => startWorker(place, at, {})),
  ])
  const own = await edge('tests–redis', primary.port, 'resp')
  const stores = await openIdentityStores({
    ...{ redisUrl: urlOf(own), databaseUrl: postgres.url, leaseMs, fenceMs },
    onFault: () => undefined,
  })
  await Promise.all(workers.map(({ opsUrl }) => untilReady(opsUrl)))

  const stand: Stand = {
    ...{ leaseMs, fenceMs, secretsKey, admin },
    ...{ workers, identities, postgres, stores },
    get primary() {
      return primary
    },
    get replica() {
      return redises.find((one) => one !== primary)
    },
    redisEdges: () => [
      ...workers.map(({ redis }) => redis),
      ...identities.map((i) => i.redis),
      own,
    ],
    async promote(chosen) {
      primary = stand.replica ?? primary
      await callRedis(primary.port, 'REPLICAOF', 'NO', 'ONE')
      for (const one of chosen) {
        one.retarget(primary.port)
        one.cut()
      }
    },
    async rejoin() {
      const { replica } = stand
      if (replica === undefined) return
      await callRedis(primary.port, 'CONFIG', 'SET', 'min-replicas-to-write', '0')
      await callRedis(replica.port, 'REPLICAOF', '127.0.0.1', String(primary.port))
      await untilFollowed(primary.port)
      for (const one of [primary, replica]) {
        await callRedis(one.port, 'CONFIG', 'SET', 'min-replicas-max-lag', REPLICA_LAG_S_MAX)
        await callRedis(one.port, 'CONFIG', 'SET', 'min-replicas-to-write', '1')
      }
    },
    async replaceWorker(at, settings) {
      const old = workers[at] as Worker
      await old.server.stop()
      workers[at] = await startWorker(place, at, settings, old)
      await untilReady(old.opsUrl)
    },
    async stop() {
      await stores.close().catch(() => undefined)
      const servers = [...workers, ...identities].map(({ server }) => server)
      await Promise.all(servers.map((server) => server.stop()))
      await Promise.all(edges.map((one) => one.close()))
      await Promise.all([postgres, ...redises].map((server) => server.stop()))
      await removeFolder(folder)
    },
  }
  await stand.rejoin()
  return stand
}

const REDIS = {
  args: ['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0', '--save', ''],
}

interface Place {
  readonly folder: string
  readonly shared: Readonly<Record<string, string>>
  readonly edge: (name: string, port: number, speaks: 'resp' | 'bytes') => Promise<Edge>
  readonly postgres: RunningServer
  readonly primary: () => RunningServer
}

async function clockFileOf({ folder }: Place, name: string): Promise<string> {
  const file = join(folder, `${name}.clock`)
  await writeFile(file, '0')
  return file
}

function environment(place: Place, clockFile: string): Record<string, string> {
  return {
    ...place.shared,
    NODE_OPTIONS: `--import=${PRELUDE}`,
    CHAOS_CLOCK_FILE: clockFile,
  }
}

async function startWorker(
  place: Place,
  at: number,
  settings: Readonly<Record<string, string>>,
  old?: Worker,
): Promise<Worker> {
  const name = `authorizer ${at}`
  const redis = old?.redis ?? (await place.edge(`${name}–redis`, place.primary().port, 'resp'))
  const port = old?.port ?? (await findPort())
  const opsPort = old === undefined ? await findPort() : Number(new URL(old.opsUrl).port)
  const clockFile = old?.clockFile ?? (await clockFileOf(place, name))
  const server = await startDvara('authorizer', port, {
    ...environment(place, clockFile),
    DVARA_REDIS_URL: urlOf(redis),
    DVARA_DATABASE_URL: place.postgres.url,
    DVARA_SPILL_DIRECTORY: join(place.folder, `spill-${at}`),
    DVARA_LISTEN: `127.0.0.1:${port}`,
    DVARA_OPS_LISTEN: `127.0.0.1:${opsPort}`,
    ...settings,
  })
  return { server, port, opsUrl: `http://127.0.0.1:${opsPort}`, redis, clockFile }
}

async function startIdentity(place: Place, at: number): Promise<Identity> {
  const name = `identity ${at}`
  const redis = await place.edge(`${name}–redis`, place.primary().port, 'resp')
  const postgres = await place.edge(`${name}–postgres`, place.postgres.port, 'bytes')
  const clockFile = await clockFileOf(place, name)
  const port = await findPort()
  const database = new URL(place.postgres.url)
  database.port = String(postgres.port)
  const server = await startDvara('identity', port, {
    ...environment(place, clockFile),
    DVARA_REDIS_URL: urlOf(redis),
    DVARA_DATABASE_URL: database.href,
    DVARA_IDENTITY_LISTEN: `127.0.0.1:${port}`,
    DVARA_OPS_LISTEN: '127.0.0.1:0',
    DVARA_MAIL_OUTBOX: join(place.folder, `outbox-${at}`),
  })
  return { server, redis, postgres, clockFile }
}

function urlOf(edge: Edge): string {
  return `redis://127.0.0.1:${edge.port}`
}

const FOLLOWED_POLLS = 200

async function untilFollowed(port: number): Promise<void> {
  for (let poll = 0; poll < FOLLOWED_POLLS; poll++) {
    const info = String(await callRedis(port, 'INFO', 'replication'))
    if (/^slave0:.*state=online/m.test(info)) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('no replica follows the primary')
}

/** At once: a port that another took meanwhile fails the start, as it does anywhere. */
function all<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at)))
}
