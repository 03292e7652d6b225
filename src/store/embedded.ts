import { type Receipt, timesOf } from './acknowledge.ts'
import type { Database, Queryable } from './database.ts'
import { openDirectory } from './directory.ts'
import { joinAuthorizer, joinIdentity } from './join.ts'
import { migrate } from './migrate.ts'
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

interface JoinOptions {
  readonly migrationsDir: string
  readonly nowMs?: () => number
  readonly leaseMs?: number
  readonly onReceipt?: (receipt: Receipt) => void
}

/** The same over a database that is open already; it is closed with them, or if this fails. */
export async function joinEmbeddedStores(
  options: JoinOptions & { readonly database: Database },
): Promise<EmbeddedStores> {
  const { stores, ready } = beginEmbeddedStores(options)
  try {
    await ready
  } catch (fault) {
    await stores.close()
    throw fault
  }
  return stores
}

/**
 * The same, at once, over a database that may still be opening: what needs no answer of them can be
 * made meanwhile. Nothing may be asked of them before `ready`, which rejects with what failed; the
 * caller closes them then too.
 */
export function beginEmbeddedStores(
  options: JoinOptions & { readonly database: Database | Promise<Database> },
): { readonly stores: EmbeddedStores; readonly ready: Promise<void> } {
  const { migrationsDir, nowMs = Date.now, leaseMs, onReceipt } = options
  const database = whenOpen(options.database)
  const board = createTwinBoard(nowMs)
  const identity = joinIdentity(board, database, {
    ...timesOf(leaseMs === undefined ? {} : { leaseMs }),
    clock: { ...systemClock, nowMs },
    onFault: () => undefined,
    ...(onReceipt === undefined ? {} : { onReceipt }),
  })
  async function becomeReady(): Promise<void> {
    await migrate(database, migrationsDir)
    await identity.keeper.seal()
    await identity.acknowledger.start()
  }
  // One world, closed once and whole: halves have no connection of their own to close.
  const shared = async () => undefined
  const stores: EmbeddedStores = {
    authorizer: { ...joinAuthorizer(board, database), close: shared },
    identity: { ...identity, close: shared },
    async close() {
      await identity.keeper.copyIdle().catch(() => undefined)
      await identity.close()
    },
  }
  return { stores, ready: becomeReady() }
}

/** Questions wait until it is open, and fail with what the opening failed with. */
function whenOpen(opening: Database | Promise<Database>): Database {
  if (!(opening instanceof Promise)) return opening
  // Whoever asks hears of it, be it later.
  opening.catch(() => undefined)
  return {
    query: async (...given: Parameters<Queryable['query']>) => (await opening).query(...given),
    execute: async (text) => (await opening).execute(text),
    transaction: async (work) => (await opening).transaction(work),
    scan: async (text, parameters, each) => (await opening).scan(text, parameters, each),
    exclusive: async (lock, work) => (await opening).exclusive(lock, work),
    async close() {
      // What did not open is closed.
      const opened = await opening.catch(() => undefined)
      await opened?.close()
    },
  }
}
