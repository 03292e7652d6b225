import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../../src/config/root.ts'
import { needBinary } from './binaries.ts'
import { createFolder, isRoot, NOBODY, removeFolder } from './folders.ts'

const run = promisify(execFile)

/** Nobody makes a second database: without what it would be made of, a copy is a third. */
const SLIM = `
update pg_database set datistemplate = false
drop database template0
drop database template1
`.trimStart()

/** `initdb` costs a second: it is run once per version and kept; every server gets a copy. */
export async function postgresTemplate(): Promise<string> {
  const { stdout } = await run(needBinary('postgres'), ['--version'])
  const version = /\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'unknown'
  const cache = join(projectRoot, '.cache')
  const template = join(cache, `cluster-${version}-${process.getuid?.() ?? 0}`)
  if (existsSync(template)) return template

  const folder = await createFolder('initdb')
  const made = join(folder, 'data')
  await makeCluster(folder, made)
  // Two test files may come here at once: each makes its own, the first to rename wins.
  const aside = `${template}.${process.pid}`
  await mkdir(cache, { recursive: true })
  await copyCluster(made, aside)
  await rename(aside, template).catch(() => rm(aside, { recursive: true, force: true }))
  await removeFolder(folder)
  return template
}

async function makeCluster(folder: string, data: string): Promise<void> {
  const options = { cwd: folder, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) }
  await run(
    needBinary('initdb'),
    [
      ...['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'],
      ...['--no-sync', '--wal-segsize=1'],
    ],
    options,
  )
  const alone = run(
    needBinary('postgres'),
    ['--single', '-D', data, '-c', 'fsync=off', 'postgres'],
    options,
  )
  alone.child.stdin?.end(SLIM)
  await alone
}

/** `cp -a` keeps owners and modes and is four times as fast as Node's copy of many small files. */
export async function copyCluster(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]).catch(() =>
    cp(from, to, { recursive: true, preserveTimestamps: true }),
  )
}
