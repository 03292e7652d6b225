import { randomBytes } from 'node:crypto'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DirectoryError } from './pglite.ts'

export interface DirectoryLock {
  release(): Promise<void>
}

/** Between two looks another process may take the lock or leave it. */
const ATTEMPTS_MAX = 20

/**
 * Takes `folder` for this process alone. A lock whose process is gone is taken over; a live one
 * is a DirectoryError naming the process.
 */
export async function lockDirectory(folder: string): Promise<DirectoryLock> {
  const path = join(folder, 'lock')
  // The random part tells two openings by one process apart.
  const mark = { pid: process.pid, start: await startOf(process.pid), nonce: randomBytes(8) }
  const text = `${mark.pid} ${mark.start} ${mark.nonce.toString('hex')}\n`

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (await isCreated(path, text)) {
      return {
        async release() {
          const found = await readFile(path, 'utf8').catch(() => '')
          if (found === text) await unlink(path).catch(() => undefined)
        },
      }
    }
    const held = await readFile(path, 'utf8').catch(() => undefined)
    if (held === undefined) continue
    const owner = await liveOwner(held)
    if (owner !== undefined) {
      throw new DirectoryError(
        `data directory ${folder} is in use by process ${owner}: ` +
          'stop it, or choose another directory',
      )
    }
    await removeStale(path, held)
  }
  throw new DirectoryError(`data directory ${folder} cannot be locked: others keep taking it`)
}

async function isCreated(path: string, text: string): Promise<boolean> {
  // Written aside and linked: the lock is never seen without its owner in it.
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(aside, text, { flag: 'wx', mode: 0o600 })
  try {
    await link(aside, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(aside)
  }
}

/** Of several that find the same stale lock one renames it; a fresh one is put back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path).catch(() => undefined)
  await unlink(aside)
}

async function liveOwner(text: string): Promise<number | undefined> {
  const [pidText, start] = text.trim().split(' ')
  const pid = Number(pidText)
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Not ours to signal, so it is alive.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  // The number may have been given to another process since.
  return (await startOf(pid)) === start ? pid : undefined
}

/** When the process began, in clock ticks since boot; `-` where the system does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is the program's name in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[19] ?? '-'
}
