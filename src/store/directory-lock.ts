import { createHash, randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DirectoryError } from './pglite.ts'

export interface DirectoryLock {
  release(): Promise<void>
}

/** Between two looks another process may take the lock, leave it, or be clearing a dead one. */
const ATTEMPTS_MAX = 100
const PAUSE_MS = 10

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
    const owner = await take(path, text)
    if (owner === undefined) return { release: () => leave(path, text) }
    if (owner !== MOVED) {
      throw new DirectoryError(
        `data directory ${folder} is in use by process ${owner}: ` +
          'stop it, or choose another directory',
      )
    }
    await pause(PAUSE_MS)
  }
  throw new DirectoryError(`data directory ${folder} cannot be locked: others keep taking it`)
}

/** Something changed while it was looked at: look again. No process has this number. */
const MOVED = 0

/** Undefined: `path` now holds `text`. Else the live process that holds it, or MOVED. */
async function take(path: string, text: string): Promise<number | undefined> {
  if (await isCreated(path, text)) return undefined
  const held = await readFile(path, 'utf8').catch(() => undefined)
  if (held === undefined) return MOVED
  const owner = await liveOwner(held)
  if (owner === undefined) await removeStale(path, held, text)
  return owner ?? MOVED
}

/**
 * Removing "if it still holds this text" is not one step for a file, and a slow process would
 * remove the lock of whoever was faster. So the right to remove a text is itself taken, as a file
 * named from the text; texts never come twice, and one whose taker died is cleared the same way.
 */
async function removeStale(path: string, stale: string, text: string): Promise<void> {
  const name = createHash('sha256').update(stale).digest('hex').slice(0, 16)
  const right = `${path}.${name}`
  if ((await take(right, text)) !== undefined) return
  await leave(path, stale)
  await leave(right, text)
}

async function leave(path: string, text: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found === text) await unlink(path).catch(() => undefined)
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
