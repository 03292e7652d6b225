import { open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isCode, KeyringError } from './key-file.ts'

const LOCK_FILE = '.lock'
/** Generating an RSA key takes a second or two; whoever holds longer is stuck or dead. */
const LOCK_WAIT_MS = 10_000
const LOCK_RETRY_MS = 25

/**
 * Runs `write` while nobody else writes to the keyring. A lock left by a writer that died is not
 * broken, because its owner cannot be told from one on another machine: the error says what to do.
 */
export async function withKeyLock<Result>(
  options: { directory: string; waitMs?: number | undefined },
  write: () => Promise<Result>,
): Promise<Result> {
  const path = join(options.directory, LOCK_FILE)
  const attemptsMax = 1 + Math.ceil((options.waitMs ?? LOCK_WAIT_MS) / LOCK_RETRY_MS)
  for (let attempt = 1; !(await isTaken(path)); attempt++) {
    if (attempt >= attemptsMax) throw await lockedError(path)
    await wait(LOCK_RETRY_MS)
  }
  try {
    return await write()
  } finally {
    await unlink(path)
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`process ${process.pid}\n`)
    await file.close()
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

async function lockedError(path: string): Promise<KeyringError> {
  const holder = await readFile(path, 'utf8').catch(() => 'somebody')
  return new KeyringError(
    `${path}: ${holder.trim()} is writing to the keyring; ` +
      'if no such process lives, remove the file',
  )
}
