import { apiKeyRow, EnvelopeError, type KeyEncryptionKeys, openSecret } from './envelope.ts'

/** What requests of one API key are verified with, prepared once for its many uses. */
export interface RequestVerifier {
  /** Whether the signature, in lower-case hex, is the key's over `form`. Never throws. */
  verify(form: string, signature: string): boolean
  /** Gives its room to another key. It may not be used again. */
  forget(): void
}

/** The record of a key, as far as verifying goes. */
export interface KeyRecord {
  readonly kid: string
  readonly uid: string
  readonly algorithm: 'HS256' | 'EdDSA' | 'ES256' | 'RS256'
  /** HS256: the sealed secret. Else: SubjectPublicKeyInfo in DER. */
  readonly material: Uint8Array
}

interface Mac {
  verifyHex(message: string | Uint8Array, macHex: string): boolean
  forget(): void
}

interface PublicKey {
  verify(message: Uint8Array, signature: Uint8Array): boolean
  forget(): void
}

/** Secrets are prepared in one memory, public keys in another. */
export interface VerifyingEngine {
  readonly hmacKeys: { prepare(key: Uint8Array): Mac }
  readonly publicKeys: {
    prepare(alg: 'EdDSA' | 'ES256' | 'RS256', key: Uint8Array): PublicKey | undefined
  }
}

export interface RequestVerifiers {
  /** Throws an EnvelopeError if the secret cannot be opened, or the public key is none. */
  prepare(key: KeyRecord): RequestVerifier
  /** Verifies as a key of HS256 would, and finds everything wrong. */
  readonly decoy: RequestVerifier
}

/** RS256 with 8192 bits has most. */
const SIGNATURE_HEX_MAX = 2048
const HEX = /^(?:[0-9a-f]{2})+$/

/** The algorithm is the record's. Nothing that a client sends has a say in it. */
export function createRequestVerifiers(
  engine: VerifyingEngine,
  keys: KeyEncryptionKeys | undefined,
): RequestVerifiers {
  const { hmacKeys, publicKeys } = engine
  const decoyKey = hmacKeys.prepare(new Uint8Array(32))

  function prepareSecret(key: KeyRecord): RequestVerifier {
    if (keys === undefined) throw new EnvelopeError('DVARA_SECRETS_KEY is not set')
    const secret = openSecret(keys, key.material, apiKeyRow(key))
    try {
      const mac = hmacKeys.prepare(secret)
      return { verify: (form, signature) => mac.verifyHex(form, signature), forget: mac.forget }
    } finally {
      secret.fill(0)
    }
  }

  return {
    prepare(key) {
      if (key.algorithm === 'HS256') return prepareSecret(key)
      const publicKey = publicKeys.prepare(key.algorithm, key.material)
      if (publicKey === undefined) {
        throw new EnvelopeError(`API key ${key.kid} has no public key of ${key.algorithm}`)
      }
      return {
        verify(form, signature) {
          if (signature.length > SIGNATURE_HEX_MAX || !HEX.test(signature)) return false
          return publicKey.verify(Buffer.from(form), Buffer.from(signature, 'hex'))
        },
        forget: () => publicKey.forget(),
      }
    },
    decoy: {
      verify(form, signature) {
        decoyKey.verifyHex(form, signature)
        return false
      },
      forget() {},
    },
  }
}
