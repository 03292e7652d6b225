import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseBase64url } from './base64url.ts'
import type { KeyState } from './key-file.ts'
import {
  KeyringError,
  loadNames,
  loadRecord,
  removeRecord,
  standingOf,
  writeRecord,
} from './key-file.ts'

export const COOKIE_KEY_BYTES = 32
const SUFFIX = '.cookie'
const KID_CHARS = 16

/** A key that seals session cookies, with its secret: never to be logged, printed or sent. */
export interface CookieKey {
  /** Follows from the secret and does not tell it; its first character stands in every cookie. */
  readonly kid: string
  readonly state: KeyState
  readonly createdAtMs: number
  /** When it came into its state; what rotation counts from. */
  readonly stateAtMs: number
  readonly secret: Uint8Array
}

/** What a secret of 32 random bytes is called. */
export function cookieKidOf(secret: Uint8Array): string {
  const digest = createHash('sha256').update('dvara cookie key\0').update(secret)
  return digest.digest('base64url').slice(0, KID_CHARS)
}

/**
 * Every cookie key of the directory, in no order; none if there is no directory. Throws a
 * KeyringError that names the file and the remedy.
 */
export async function loadCookieKeys(directory: string): Promise<CookieKey[]> {
  const names = await loadNames(directory, SUFFIX)
  const keys = await Promise.all(names.map((name) => loadCookieKey(join(directory, name))))
  const hints = new Set<string | undefined>()
  for (const [at, { kid }] of keys.entries()) {
    if (hints.has(kid[0])) {
      const path = join(directory, names[at] ?? '')
      throw new KeyringError(
        `${path}: another cookie key begins with ${kid[0]} too; remove one of the files`,
      )
    }
    hints.add(kid[0])
  }
  return keys
}

async function loadCookieKey(path: string): Promise<CookieKey> {
  const record = await loadRecord(path)
  const standing = standingOf(record, path)
  const { secret: text } = record
  const secret = typeof text === 'string' ? parseBase64url(text) : undefined
  if (secret?.length !== COOKIE_KEY_BYTES) {
    throw new KeyringError(`${path}: expected secret to be ${COOKIE_KEY_BYTES} bytes in base64url`)
  }
  const kid = cookieKidOf(secret)
  if (record.kid !== kid) {
    throw new KeyringError(`${path}: kid and secret do not belong together; restore the file`)
  }
  return { kid, ...standing, secret }
}

/** Writes the key's file whole or not at all. */
export async function writeCookieKey(directory: string, key: CookieKey): Promise<void> {
  const { kid, state, createdAtMs, stateAtMs } = key
  const secret = Buffer.from(key.secret).toString('base64url')
  const record = { kid, state, createdAtMs, stateAtMs, secret }
  await writeRecord(directory, `${kid}${SUFFIX}`, record)
}

export async function removeCookieKey(directory: string, kid: string): Promise<void> {
  await removeRecord(directory, `${kid}${SUFFIX}`)
}
