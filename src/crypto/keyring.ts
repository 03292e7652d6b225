import type { KeyObject } from 'node:crypto'
import type { Algorithm } from './algorithm.ts'
import type { VerifyingKey } from './jwk.ts'
import { publishedJwk } from './jwk.ts'
import type { Key } from './key-file.ts'
import { KeyringError, loadKeys } from './key-file.ts'
import { byState } from './keys.ts'

/** The key that signs now. The object stays the same until another key signs. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly privateKey: KeyObject
}

export interface Keyring {
  signing(): SigningKey
  /** The public key under this `kid`, whatever its state. */
  verifying(kid: string): VerifyingKey | undefined
  /** The JWK set (RFC 7517 §5) of every key, as JSON bytes built when the ring was read. */
  jwks(): Uint8Array
  /** Reads the directory again; a ring that cannot be used leaves the old one in place. */
  reload(): Promise<{ ok: true } | { ok: false; problem: string }>
}

interface Ring {
  readonly signing: SigningKey
  readonly verifying: ReadonlyMap<string, VerifyingKey>
  readonly jwks: Uint8Array
}

/**
 * Opens the keyring in a directory, every key proved by signing and verifying with it. Throws a
 * KeyringError that names the file and the remedy if any key is unfit or none may sign.
 */
export async function openKeyring(options: { directory: string }): Promise<Keyring> {
  const { directory } = options
  let ring = await loadRing(directory, undefined)

  return {
    signing: () => ring.signing,
    verifying: (kid) => ring.verifying.get(kid),
    jwks: () => ring.jwks,
    async reload() {
      try {
        ring = await loadRing(directory, ring.signing)
        return { ok: true }
      } catch (error) {
        if (!(error instanceof KeyringError)) throw error
        return { ok: false, problem: error.message }
      }
    },
  }
}

async function loadRing(directory: string, before: SigningKey | undefined): Promise<Ring> {
  const keys = (await loadKeys(directory)).sort(byState)
  const first = keys[0]
  if (first === undefined) {
    throw new KeyringError(`${directory} holds no key: run dvara keys generate`)
  }
  if (first.state !== 'active') {
    throw new KeyringError(`${directory} holds no active key: run dvara keys rotate`)
  }
  return {
    signing: isSame(first, before) ? before : signingKeyOf(first),
    verifying: new Map(keys.map((key) => [key.kid, verifyingKeyOf(key)])),
    jwks: Buffer.from(JSON.stringify({ keys: keys.map(publishedJwk) })),
  }
}

/** Also that the algorithm is the same: a file may be edited from RS256 to PS256. */
function isSame(key: Key, before: SigningKey | undefined): before is SigningKey {
  return before !== undefined && before.kid === key.kid && before.alg === key.alg
}

function signingKeyOf({ kid, alg, privateKey }: Key): SigningKey {
  return { kid, alg, privateKey }
}

function verifyingKeyOf({ kid, alg, publicKey }: Key): VerifyingKey {
  return { kid, alg, publicKey }
}
