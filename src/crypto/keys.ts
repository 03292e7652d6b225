import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createPrivateKey } from 'node:crypto'
import type { Algorithm } from './algorithm.ts'
import { ALGORITHM_NAMES, ALGORITHMS } from './algorithm.ts'
import { jwkThumbprint } from './jwk.ts'
import type { KeyState } from './key-file.ts'
import {
  createKeyDirectory,
  KEY_STATES,
  KeyringError,
  loadKeys,
  pairOf,
  writeKey,
} from './key-file.ts'
import { withKeyLock } from './key-lock.ts'

/** Where a key of any kind stands. */
export interface KeyStanding {
  readonly kid: string
  readonly state: KeyState
  readonly createdAtMs: number
  readonly stateAtMs: number
}

/** What may be told of a key. */
export interface KeySummary extends KeyStanding {
  readonly alg: Algorithm
}

function summaryOf(key: KeySummary): KeySummary {
  const { kid, alg, state, createdAtMs, stateAtMs } = key
  return { kid, alg, state, createdAtMs, stateAtMs }
}

/** The directory's keys: the signing one first, then the next, then the retiring. */
export async function listKeys(directory: string): Promise<KeySummary[]> {
  return (await loadKeys(directory)).sort(byState).map(summaryOf)
}

/** Signing order; of two active keys, as a crash may leave them, the newer one signs. */
export function byState(a: KeyStanding, b: KeyStanding): number {
  return (
    KEY_STATES.indexOf(a.state) - KEY_STATES.indexOf(b.state) ||
    b.stateAtMs - a.stateAtMs ||
    (a.kid < b.kid ? -1 : 1)
  )
}

/**
 * Adds a new key: the ring's first one signs at once, any other waits as `next` for a rotation.
 * Throws a KeyringError if one waits already.
 */
export async function generateKey(options: {
  directory: string
  algorithm: Algorithm
  nowMs: number
}): Promise<KeySummary> {
  const { directory, algorithm, nowMs } = options
  await createKeyDirectory(directory)
  return withKeyLock({ directory }, async () =>
    addKey({ directory, jwk: await createJwk(algorithm), algorithm, nowMs }),
  )
}

/** Makes sure of a signing key for development: generates one if the directory holds none. */
export async function ensureKey(options: {
  directory: string
  algorithm: Algorithm
  nowMs: number
}): Promise<void> {
  const { directory, algorithm, nowMs } = options
  await createKeyDirectory(directory)
  if ((await loadKeys(directory)).length > 0) return
  await withKeyLock({ directory }, async () => {
    // Another process may have been first while this one waited.
    if ((await loadKeys(directory)).length > 0) return
    await addKey({ directory, jwk: await createJwk(algorithm), algorithm, nowMs })
  })
}

/**
 * Adds a private key that exists: PEM, or PEM in base64 as Barong's environment holds it. The
 * algorithm follows from the kind of key; RSA is RS256 unless PS256 is asked for.
 */
export async function importKey(options: {
  directory: string
  pem: string
  algorithm?: Algorithm | undefined
  nowMs: number
}): Promise<KeySummary> {
  const { directory, nowMs } = options
  const key = parsePrivatePem(options.pem)
  const algorithm = algorithmOf(key, options.algorithm)
  const jwk = key.export({ format: 'jwk' })
  await createKeyDirectory(directory)
  return withKeyLock({ directory }, () => addKey({ directory, jwk, algorithm, nowMs }))
}

/** Only under the lock. */
async function addKey(options: {
  directory: string
  jwk: JsonWebKey
  algorithm: Algorithm
  nowMs: number
}): Promise<KeySummary> {
  const { directory, jwk, algorithm, nowMs } = options
  const { kid } = pairOf(jwk, algorithm, 'the new key', jwkThumbprint(jwk))
  const keys = await loadKeys(directory)
  if (keys.some((key) => key.kid === kid)) {
    throw new KeyringError(`${directory}: key ${kid} is in the keyring already`)
  }
  const next = keys.find((key) => key.state === 'next')
  if (next !== undefined) {
    throw new KeyringError(
      `${directory}: key ${next.kid} waits to sign; run dvara keys rotate before adding another`,
    )
  }
  const state = keys.some((key) => key.state === 'active') ? 'next' : 'active'
  const key = { kid, alg: algorithm, state, createdAtMs: nowMs, stateAtMs: nowMs, jwk } as const
  await writeKey(directory, key)
  return summaryOf(key)
}

/** A new private key of the algorithm as a JWK. */
export async function createJwk(algorithm: Algorithm): Promise<JsonWebKey> {
  const { privateKey } = await ALGORITHMS[algorithm].generate()
  return privateKey.export({ format: 'jwk' })
}

function parsePrivatePem(text: string): KeyObject {
  const pem = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8')
  if (pem.includes('ENCRYPTED')) {
    throw new KeyringError('the key is encrypted: decrypt it first, for example with openssl pkey')
  }
  if (!/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/.test(pem)) {
    throw new KeyringError('expected a private key in PEM (or PEM in base64)')
  }
  try {
    return createPrivateKey(pem)
  } catch {
    // The cause is dropped: it could quote the key.
    throw new KeyringError('the PEM holds no readable private key')
  }
}

function algorithmOf(key: KeyObject, wanted: Algorithm | undefined): Algorithm {
  const fitting = ALGORITHM_NAMES.filter(
    (name) => ALGORITHMS[name].keyType === key.asymmetricKeyType,
  )
  const algorithm = wanted ?? fitting[0]
  if (algorithm === undefined) {
    throw new KeyringError(`expected an Ed25519, P-256 or RSA key, found ${key.asymmetricKeyType}`)
  }
  if (!fitting.includes(algorithm)) {
    throw new KeyringError(`a key of type ${key.asymmetricKeyType} cannot sign ${algorithm}`)
  }
  return algorithm
}
