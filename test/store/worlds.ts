import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import type { Session } from '../../src/core/principal.ts'
import { openEmbeddedStores } from '../../src/store/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openAuthorizerStores, openDatabase, openIdentityStores } from '../../src/store/open.ts'
import type { AuthorizerStores, IdentityStores } from '../../src/store/stores.ts'
import { copyDirectory } from '../process/embedded.ts'
import { removeFolder, startPostgres, startRedis } from '../process/servers.ts'

export const migrationsDir = join(projectRoot, 'migrations')

/** A store that is away, or a member that says nothing, is not waited for long. */
export const QUICK = { leaseMs: 50, retryMs: 1_000 } as const

/** One authorizer and one identity API over one truth. */
export interface World {
  readonly name: string
  readonly authorizer: AuthorizerStores
  readonly identity: IdentityStores
  close(): Promise<void>
}

/**
 * Both implementations: the contract is run on each. Servers cost a second of CPU to start, so the
 * files of one process share a world: what they make in it bears names that nobody else uses.
 */
export const WORLDS: Record<string, () => Promise<World>> = {
  'Redis and Postgres': share(openServers),
  embedded: share(openEmbedded),
}

/** Between two of its files one asks the other world. */
const LINGER_MS = 5_000

function share(open: () => Promise<World>): () => Promise<World> {
  let opening: Promise<World> | undefined
  let usersCount = 0
  async function release(): Promise<void> {
    usersCount -= 1
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS))
    if (usersCount > 0 || opening === undefined) return
    const world = await opening
    if (usersCount > 0) return
    opening = undefined
    await world.close()
  }
  return async () => {
    usersCount += 1
    opening ??= open()
    // Whoever comes last has to wait for the end; the others are told at once.
    return { ...(await opening), close: async () => void release() }
  }
}

async function openEmbedded(): Promise<World> {
  const directory = await copyDirectory()
  const stores = await openEmbeddedStores({ directory, migrationsDir, leaseMs: QUICK.leaseMs })
  return {
    ...{ name: 'embedded', authorizer: stores.authorizer, identity: stores.identity },
    async close() {
      await stores.close()
      await removeFolder(directory)
    },
  }
}

async function openServers(): Promise<World> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  const options = {
    redisUrl: redis.url,
    databaseUrl: postgres.url,
    onFault: () => undefined,
    ...QUICK,
  }
  const database = openDatabase(options)
  await migrate(database, migrationsDir)
  await database.close()
  const identity = await openIdentityStores(options)
  const authorizer = await openAuthorizerStores(options)
  await identity.keeper.seal()
  return {
    ...{ name: 'Redis and Postgres', authorizer, identity },
    async close() {
      await Promise.all([authorizer.close(), identity.close()])
      await Promise.all([redis.stop(), postgres.stop()])
    },
  }
}

let counter = 0

/** A uid, an address or a hash that no other test uses. */
export function unique(prefix: string): string {
  counter += 1
  return `${prefix}${process.pid}x${counter}`
}

export async function createMember(identity: IdentityStores): Promise<string> {
  const uid = unique('ID')
  await identity.users.create({
    ...{ uid, username: null, email: `${uid}@example.com`, passwordDigest: 'digest' },
    ...{ role: 'member', level: 1, state: 'active', referralId: null, data: null },
  })
  return uid
}

export function sessionFor(uid: string, change: Partial<Session> = {}): Session {
  const now = Date.now()
  return {
    hash: unique('hash-'),
    uid,
    csrfToken: 'token',
    userAgent: 'Mozilla/5.0 (ünïcode)',
    address: { family: 4, a: 0, b: 0, c: 0, d: 2_130_706_433, text: '127.0.0.1' },
    createdAtMs: now,
    endsAtMs: now + 3_600_000,
    generation: 0,
    ...change,
  }
}

/** A member with one open session, idle in half an hour. */
export async function signIn(identity: IdentityStores, uid?: string): Promise<Session> {
  const owner = uid ?? (await createMember(identity))
  const generation = await identity.sessions.generation(owner)
  const session = sessionFor(owner, { generation })
  await identity.sessions.open(session, session.createdAtMs + 1_800_000)
  return session
}

/** Asks again until it does not throw; gives up, with the last error, after ten seconds. */
export async function eventually<T>(ask: () => Promise<T> | T): Promise<T> {
  const giveUpAtMs = Date.now() + 10_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > giveUpAtMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
