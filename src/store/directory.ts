import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import { type OpeningSteps, startPGlite } from './pglite.ts'

/**
 * The database of a data directory, made where there is none; undefined keeps it in memory. The
 * directory is this process's until the database is closed. Throws DirectoryError, with one line
 * to show, if the directory is in use or damaged.
 */
export async function openDirectory(
  directory: string | undefined,
  steps?: OpeningSteps,
): Promise<Database> {
  if (directory === undefined) return startPGlite(steps).open(undefined)
  const engine = startPGlite(steps)
  const lock = await takeDirectory(directory).catch(async (cause: unknown) => {
    await engine.end()
    throw cause
  })
  try {
    const database = await engine.open(join(directory, 'database'))
    return {
      ...database,
      async close() {
        try {
          await database.close()
        } finally {
          await lock.release()
        }
      },
    }
  } catch (cause) {
    await lock.release()
    throw cause
  }
}

async function takeDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return lockDirectory(directory)
}
