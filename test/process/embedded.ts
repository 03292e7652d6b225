import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { projectRoot } from '../../src/config/root.ts'
import { openPGlite } from '../../src/store/pglite.ts'
import { copyCluster } from './cluster.ts'
import { createFolder } from './folders.ts'

/** A data directory with an empty database: to make one takes seconds of CPU, to copy it none. */
export async function copyDirectory(): Promise<string> {
  const directory = await createFolder('embedded')
  await putDatabase(directory)
  return directory
}

/** The same in a directory that is there; `dvara dev` fills the rest of it as it does a new one. */
export async function putDatabase(directory: string): Promise<void> {
  // Postgres is compiled once, not twice: the second time, for speed, costs two seconds of a test
  // file's CPU and is never earned back by its few questions.
  setFlagsFromString('--liftoff-only')
  const template = join(projectRoot, '.cache', 'embedded-template')
  if (!existsSync(template)) {
    // Several test files may come here at once: the first to rename wins.
    const aside = `${template}.${process.pid}`
    await mkdir(aside, { recursive: true })
    await (await openPGlite(join(aside, 'database'))).close()
    await rename(aside, template).catch(() => rm(aside, { recursive: true, force: true }))
  }
  await copyCluster(join(template, 'database'), join(directory, 'database'))
}
