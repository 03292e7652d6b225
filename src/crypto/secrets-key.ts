import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { EnvelopeError, type KeyEncryptionKeys, parseSecretsKey } from './envelope.ts'
import { isCode, loadPrivateText } from './key-file.ts'

/**
 * The keys of `file`, for development: makes one where there is no such file. Throws a
 * KeyringError or an EnvelopeError that names the file.
 */
export async function ensureSecretsKey(file: string): Promise<KeyEncryptionKeys> {
  await createSecretsKey(file)
  const text = await loadPrivateText(file)
  try {
    return parseSecretsKey(text)
  } catch (problem) {
    if (problem instanceof EnvelopeError) throw new EnvelopeError(`${file}: ${problem.message}`)
    throw problem
  }
}

/** Leaves the file alone if it is there: what it sealed could not be opened without it. */
async function createSecretsKey(file: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(32).toString('hex')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
}
