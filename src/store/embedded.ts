import type { Receipt } from './acknowledge.ts'
import type { Database } from './database.ts'
import { openDirectory } from './directory.ts'
import { joinAuthorizer, joinIdentity } from './join.ts'
import { migrate } from './migrate.ts'
import { timesOf } from './open.ts'
import type { AuthorizerStores, IdentityStores } from './stores.ts'
import { systemClock } from './system-clock.ts'
import { createTwinBoard } from './twin.ts'

export interface EmbeddedStores {
  readonly authorizer: AuthorizerStores
  readonly identity: IdentityStores
  /** Closes both, copies idle deadlines back, and gives the directory free. */
  close(): Promise<void>
}

/**
 * Both halves in one process, for `dvara dev` and tests: PGlite and the twin of Redis, migrated
 * and sealed. `directory` undefined keeps everything in memory. Throws DirectoryError, with one
 * line to show, if the directory is in use or damaged.
 */
export async function openEmbeddedStores(options: {
  readonly directory: string | undefined
  readonly migrationsDir: string
  readonly nowMs?: () => number
  readonly leaseMs?: number
}): Promise<EmbeddedStores> {
  return joinEmbeddedStores({ ...options, database: await openDirectory(options.directory) })
}

/** The same over a database that is open already; it is closed with them, or if this fails. */
export async function joinEmbeddedStores(options: {
  readonly database: Database
  readonly migrationsDir: string
  readonly nowMs?: () => number
  readonly leaseMs?: number
  readonly onReceipt?: (receipt: Receipt) => void
}): Promise<EmbeddedStores> {
  const { database, migrationsDir, nowMs = Date.now, leaseMs, onReceipt } = options
  const board = createTwinBoard(nowMs)
  const identity = joinIdentity(board, database, {
    ...timesOf(leaseMs === undefined ? {} : { leaseMs }),
    clock: { ...systemClock, nowMs },
    onFault: () => undefined,
    ...(onReceipt === undefined ? {} : { onReceipt }),
  })
  try {
    await migrate(database, migrationsDir)
    await identity.keeper.seal()
    await identity.acknowledger.start()
  } catch (fault) {
    await identity.close()
    throw fault
  }
  // One world, closed once and whole: halves have no connection of their own to close.
  const shared = async () => undefined
  return {
    authorizer: { ...joinAuthorizer(board, database), close: shared },
    identity: { ...identity, close: shared },
    async close() {
      await identity.keeper.copyIdle().catch(() => undefined)
      await identity.close()
    },
  }
}
