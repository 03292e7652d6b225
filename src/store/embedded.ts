import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { lockDirectory } from './directory-lock.ts'
import { joinAuthorizer, joinIdentity } from './join.ts'
import { migrate } from './migrate.ts'
import { openPGlite } from './pglite.ts'
import type { AuthorizerStores, IdentityStores } from './stores.ts'
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
}): Promise<EmbeddedStores> {
  const { directory, migrationsDir, nowMs = Date.now } = options
  if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 })
  const lock = directory === undefined ? undefined : await lockDirectory(directory)
  try {
    const database = await openPGlite(directory && join(directory, 'database'))
    const board = createTwinBoard(nowMs)
    const identity = joinIdentity(board, database, nowMs)
    try {
      await migrate(database, migrationsDir)
      await identity.keeper.seal()
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
        await lock?.release()
      },
    }
  } catch (fault) {
    await lock?.release()
    throw fault
  }
}
