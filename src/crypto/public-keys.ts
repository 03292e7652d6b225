import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto'
import { createPublicKey, verify } from 'node:crypto'
import type { Algorithm } from './algorithm.ts'
import { ALGORITHMS, RSA_BITS_MAX, RSA_BITS_MIN } from './algorithm.ts'

/** What signatures of others may be of: ours, and ECDSA over secp256k1 (RFC 8812 §3.2). */
export type PublicAlgorithm = Algorithm | 'ES256K'

/** Somebody's public key, prepared, with the one algorithm it is used with. */
export interface PublicKey {
  readonly alg: PublicAlgorithm
  /** Whether `signature` is this key's over the message, spelled as in JWS. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean
  /** Gives up the room it takes; it still verifies. */
  forget(): void
}

/** Verifies what others signed: in WebAssembly where that is quicker, or in node:crypto. */
export interface PublicKeys {
  /** Changes to `node` for good when the self-test of a curve fails. */
  readonly kind: 'wasm' | 'node'
  /**
   * Prepares a key, once for its many uses: a SubjectPublicKeyInfo (RFC 5280 §4.1) in DER, or what
   * node:crypto made of one. Undefined unless it is a key of the algorithm and fit for use.
   */
  prepare(alg: PublicAlgorithm, key: Uint8Array | KeyObject): PublicKey | undefined
}

interface Row {
  readonly keyType: string
  /** Of node:crypto; OpenSSL has other names for the curves of RFC 7518. */
  readonly namedCurve: string | undefined
  readonly digest: 'sha256' | null
  readonly options: Omit<VerifyKeyObjectInput, 'key'>
}

const ROWS: Readonly<Record<PublicAlgorithm, Row>> = {
  EdDSA: { ...ALGORITHMS.EdDSA, namedCurve: undefined },
  ES256: { ...ALGORITHMS.ES256, namedCurve: 'prime256v1' },
  RS256: { ...ALGORITHMS.RS256, namedCurve: undefined },
  PS256: { ...ALGORITHMS.PS256, namedCurve: undefined },
  ES256K: { ...ALGORITHMS.ES256, namedCurve: 'secp256k1' },
}

/** Every algorithm through OpenSSL. */
export const nodePublicKeys: PublicKeys = {
  kind: 'node',
  prepare(alg, key) {
    const publicKey = fitKeyOf(alg, key)
    return publicKey && nodePublicKeyOf(alg, publicKey)
  },
}

export function nodePublicKeyOf(alg: PublicAlgorithm, key: KeyObject): PublicKey {
  const { digest, options } = ROWS[alg]
  // The same object every time: a fresh one costs the native side a fresh shape to read.
  const input = { ...options, key }
  return {
    alg,
    verify(message, signature) {
      try {
        return verify(digest, message, input, signature)
      } catch {
        // OpenSSL finds some keys unusable only when they are used.
        return false
      }
    },
    forget() {},
  }
}

/** The key if it is a public one of the algorithm's kind, curve and length. */
export function fitKeyOf(alg: PublicAlgorithm, key: Uint8Array | KeyObject): KeyObject | undefined {
  const { keyType, namedCurve } = ROWS[alg]
  // Told apart before it is spelled: a secret or private key has no such spelling.
  if (!(key instanceof Uint8Array) && key.type !== 'public') return undefined
  // Spelled anew, so that no key comes with the job that made it (see algorithm.ts).
  const der = key instanceof Uint8Array ? key : key.export({ format: 'der', type: 'spki' })
  const publicKey = parseSpki(der)
  if (publicKey?.asymmetricKeyType !== keyType) return undefined
  const details = publicKey.asymmetricKeyDetails
  if (details?.namedCurve !== namedCurve) return undefined
  if (keyType !== 'rsa') return publicKey
  const bits = details?.modulusLength ?? 0
  return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? publicKey : undefined
}

function parseSpki(der: Uint8Array): KeyObject | undefined {
  try {
    const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
    return createPublicKey({ key, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
