import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createPrivateKey, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Algorithm } from './algorithm.ts'
import {
  ALGORITHM_NAMES,
  ALGORITHMS,
  isAlgorithm,
  prepareKey,
  verifySignature,
} from './algorithm.ts'
import { isObject, jwkThumbprint, parseObject, parsePublicKey } from './jwk.ts'

/**
 * Where a key stands: published but not yet signing, signing, or no longer signing but still
 * published because its last tokens live.
 */
export type KeyState = 'next' | 'active' | 'retiring'

export const KEY_STATES: readonly KeyState[] = ['active', 'next', 'retiring']

/** One key of the ring with its secret: never to be logged, printed or sent. */
export interface Key {
  readonly kid: string
  readonly alg: Algorithm
  readonly state: KeyState
  readonly createdAtMs: number
  /** When it came into its state; what rotation counts from. */
  readonly stateAtMs: number
  readonly jwk: JsonWebKey
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The ring cannot be used as it lies on the disk; the message names the file and the remedy. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError'
}

const KEY_FILE_BYTES_MAX = 32_768
const KEYS_MAX = 32
const OTHERS_WRITE = 0o022
const OTHERS_ANY = 0o077
const SELF_TEST = Buffer.from('a pair signs and verifies')

/** Makes the directory if it is missing, for this user alone. */
export async function createKeyDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  // The mask of the process may have taken bits from mkdir's mode, never added any.
  if (made !== undefined) await chmod(directory, 0o700)
}

/** Every key of the directory, in no order; none if there is no directory. */
export async function loadKeys(directory: string): Promise<Key[]> {
  const names = await loadNames(directory, '.json')
  const keys = await Promise.all(names.map((name) => loadKey(join(directory, name))))
  const seen = new Set<string>()
  for (const [at, { kid }] of keys.entries()) {
    if (seen.has(kid)) {
      const path = join(directory, names[at] ?? '')
      throw new KeyringError(`${path}: key ${kid} is there twice; remove one of the files`)
    }
    seen.add(kid)
  }
  return keys
}

/** The names of the key files of one kind; none if there is no directory. */
export async function loadNames(directory: string, suffix: string): Promise<string[]> {
  try {
    const { mode } = await stat(directory)
    if ((mode & OTHERS_WRITE) !== 0) {
      throw new KeyringError(
        `${directory} may be written by others (mode ${octal(mode)}): run chmod 0700 ${directory}`,
      )
    }
    const all = await readdir(directory)
    const names = all.filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    if (names.length <= KEYS_MAX) return names
    throw new KeyringError(`${directory} holds ${names.length} keys; at most ${KEYS_MAX} are read`)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw asKeyringError(error, directory)
  }
}

/** One key from its file, its modes, its shape and its pair examined. */
async function loadKey(path: string): Promise<Key> {
  const record = await loadRecord(path)
  const { alg, jwk } = record
  if (!isAlgorithm(alg)) {
    throw new KeyringError(`${path}: expected alg to be one of ${ALGORITHM_NAMES.join(', ')}`)
  }
  const standing = standingOf(record, path)
  if (!isObject(jwk)) throw new KeyringError(`${path}: expected jwk to be a private JSON Web Key`)
  const key = { alg, ...standing, jwk: jwk as JsonWebKey }
  return { ...key, ...pairOf(key.jwk, alg, path, record.kid) }
}

/** The JSON object of a private file; modes and length examined. */
export async function loadRecord(path: string): Promise<Record<string, unknown>> {
  const record = parseObject(await loadPrivateText(path))
  if (record === undefined) throw new KeyringError(`${path}: expected a JSON object`)
  return record
}

/** Where a key stands, as every kind of key file says it. */
export function standingOf(
  { state, createdAtMs, stateAtMs }: Record<string, unknown>,
  path: string,
): Pick<Key, 'state' | 'createdAtMs' | 'stateAtMs'> {
  if (!KEY_STATES.includes(state as KeyState)) {
    throw new KeyringError(`${path}: expected state to be one of ${KEY_STATES.join(', ')}`)
  }
  if (!isInstant(createdAtMs) || !isInstant(stateAtMs)) {
    throw new KeyringError(`${path}: expected createdAtMs and stateAtMs in milliseconds`)
  }
  return { state: state as KeyState, createdAtMs, stateAtMs }
}

/** The file's text, refused if anyone but its owner could read or write it. */
export async function loadPrivateText(path: string): Promise<string> {
  try {
    // The mode is read from the open file, so that it is the mode of what is read.
    const file = await open(path, constants.O_RDONLY)
    try {
      const { mode, size } = await file.stat()
      if ((mode & OTHERS_ANY) !== 0) {
        throw new KeyringError(
          `${path} is a private key that others may read (mode ${octal(mode)}): ` +
            `run chmod 0600 ${path}`,
        )
      }
      if (size > KEY_FILE_BYTES_MAX) {
        throw new KeyringError(
          `${path}: expected at most ${KEY_FILE_BYTES_MAX} bytes, found ${size}`,
        )
      }
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    throw asKeyringError(error, path)
  }
}

/** Both halves of a private JWK, proved to belong together; `path` is for the complaint. */
export function pairOf(
  jwk: JsonWebKey,
  alg: Algorithm,
  path: string,
  statedKid: unknown,
): { kid: string; privateKey: KeyObject; publicKey: KeyObject } {
  const publicKey = parsePublicKey(jwk, alg)
  if (typeof publicKey === 'string') throw new KeyringError(`${path}: ${publicKey}`)
  const kid = jwkThumbprint(jwk)
  if (kid === undefined || statedKid !== kid) {
    throw new KeyringError(`${path}: expected kid ${kid}, the key's RFC 7638 thumbprint`)
  }
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {
    // The cause is dropped: it could quote the key.
    throw new KeyringError(`${path}: the private members are no valid ${ALGORITHMS[alg].kty} key`)
  }
  if (!isPair(alg, privateKey, publicKey)) {
    throw new KeyringError(`${path}: the private and public members are not of one pair`)
  }
  return { kid, privateKey, publicKey }
}

function isPair(alg: Algorithm, privateKey: KeyObject, publicKey: KeyObject): boolean {
  try {
    const signature = prepareKey(alg, privateKey).sign(SELF_TEST)
    return verifySignature({ alg, publicKey }, SELF_TEST, signature)
  } catch {
    return false
  }
}

/** Writes the key's file whole or not at all. */
export async function writeKey(directory: string, key: Omit<Key, 'privateKey' | 'publicKey'>) {
  const { kid, alg, state, createdAtMs, stateAtMs, jwk } = key
  await writeRecord(directory, `${kid}.json`, { kid, alg, state, createdAtMs, stateAtMs, jwk })
}

/** Writes a private file whole or not at all, readable by its owner alone. */
export async function writeRecord(directory: string, name: string, record: object): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`
  const draft = join(directory, `.${name}.${randomBytes(6).toString('hex')}.draft`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, join(directory, name))
  await syncDirectory(directory)
}

export async function removeKey(directory: string, kid: string): Promise<void> {
  await removeRecord(directory, `${kid}.json`)
}

export async function removeRecord(directory: string, name: string): Promise<void> {
  await unlink(join(directory, name))
  await syncDirectory(directory)
}

/** A rename is on the disk only when its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code
}

function asKeyringError(error: unknown, path: string): KeyringError {
  if (error instanceof KeyringError) return error
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return new KeyringError(`${path} cannot be read (${code ?? 'unknown cause'})`)
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`
}
