import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { projectRoot } from '../../src/config/root.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { copyCluster } from './cluster.ts'
import { createFolder } from './folders.ts'

const migrationsDir = join(projectRoot, 'migrations')

/**
 * A data directory with a database: to make one takes seconds of CPU, to copy it none. Our tables
 * are in it, unless it is asked for bare.
 */
export async function copyDirectory(options: { isBare?: boolean } = {}): Promise<string> {
  const directory = await createFolder('embedded')
  await putDatabase(directory, options)
  return directory
}

/** The same in a directory that is there; `dvara dev` fills the rest of it as it does a new one. */
export async function putDatabase(
  directory: string,
  { isBare = false }: { isBare?: boolean } = {},
): Promise<void> {
  // Postgres is compiled once, not twice: the second time, for speed, costs two seconds of a test
  // file's CPU and is never earned back by its few questions.
  setFlagsFromString('--liftoff-only')
  const bare = await template('embedded', async (folder) => {
    await (await openPGlite(folder)).close()
  })
  const from = isBare ? bare : await template(`embedded-${digestOfMigrations()}`, withTables(bare))
  await copyCluster(join(from, 'database'), join(directory, 'database'))
}

function withTables(bare: string) {
  return async (folder: string): Promise<void> => {
    await copyCluster(join(bare, 'database'), folder)
    const database = await openPGlite(folder)
    await migrate(database, migrationsDir)
    await database.close()
  }
}

/** A folder of the cache; where it is not there yet, `make` fills the `database` in it. */
async function template(name: string, make: (database: string) => Promise<void>): Promise<string> {
  const folder = join(projectRoot, '.cache', name)
  if (existsSync(folder)) return folder
  // Several test files may come here at once: the first to rename wins.
  const aside = `${folder}.${process.pid}`
  await mkdir(aside, { recursive: true })
  await make(join(aside, 'database'))
  await rename(aside, folder).catch(() => rm(aside, { recursive: true, force: true }))
  return folder
}

function digestOfMigrations(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(migrationsDir).sort()) {
    if (name.endsWith('.sql')) hash.update(name).update(readFileSync(join(migrationsDir, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
