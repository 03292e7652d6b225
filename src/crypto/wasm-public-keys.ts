import type { KeyObject } from 'node:crypto'
import { createEd25519Keys } from './ed25519-verifier.ts'
import { createP256Keys } from './p256-verifier.ts'
import {
  fitKeyOf,
  nodePublicKeyOf,
  nodePublicKeys,
  type PublicAlgorithm,
  type PublicKey,
  type PublicKeys,
} from './public-keys.ts'
import { provesEd25519Verifying, provesP256Verifying } from './verifying-self-test.ts'
import { createWasmInstance, type WasmInstance } from './wasm.ts'

/** Of each curve: some 190 keys at a time, in an instance that is made when it is first needed. */
const KEY_TABLES_BYTES_MAX = 32 << 20

/** What both curves' keys offer: the key's bytes in, verdicts out. */
interface Curve {
  prepare(publicKey: Uint8Array): Pick<PublicKey, 'verify' | 'forget'> | undefined
}

/**
 * Public keys of both our curves in WebAssembly, in instances that never hold a secret; the others
 * in OpenSSL. A curve is proved when its first key is prepared: where it does not load, or does not
 * compute what node:crypto does, that verifies from then on, and `onProblem` is told why.
 */
export function createWasmPublicKeys(options: {
  onProblem: (problem: string) => void
  /** Makes an instance with room for tables; its test gives spoilt ones. */
  createInstance?: () => WasmInstance
}): PublicKeys {
  const { onProblem, createInstance = createPublicInstance } = options
  let isBroken = false
  const open = {
    EdDSA: once((): Curve => {
      const keys = createEd25519Keys(createInstance())
      return proved(keys, provesEd25519Verifying(keys))
    }),
    ES256: once((): Curve => {
      const keys = createP256Keys(createInstance())
      return proved(keys, provesP256Verifying(keys))
    }),
  }

  function prepareOurs(alg: 'EdDSA' | 'ES256', key: KeyObject): PublicKey | undefined {
    const prepared = open[alg]().prepare(bytesOf(alg, key))
    return prepared && { alg, verify: prepared.verify, forget: prepared.forget }
  }

  return {
    get kind() {
      return isBroken ? 'node' : 'wasm'
    },
    prepare(alg: PublicAlgorithm, given) {
      const key = fitKeyOf(alg, given)
      if (key === undefined) return undefined
      const isOurs = alg === 'EdDSA' || alg === 'ES256'
      if (isBroken || !isOurs) return nodePublicKeyOf(alg, key)
      try {
        return prepareOurs(alg, key)
      } catch (cause) {
        isBroken = true
        onProblem(cause instanceof Error ? cause.message : String(cause))
        return nodePublicKeys.prepare(alg, key)
      }
    },
  }
}

function createPublicInstance(): WasmInstance {
  return createWasmInstance({ keyTablesBytesMax: KEY_TABLES_BYTES_MAX })
}

/** Made once; a failure is not tried again, because nobody asks after it. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function proved<T>(keys: T, isRight: boolean): T {
  if (!isRight) throw new Error('the WebAssembly self-test found a wrong verdict')
  return keys
}

/** The 32 or 64 bytes that a public key of either curve is, whatever its DER looked like. */
function bytesOf(alg: 'EdDSA' | 'ES256', key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const parts = alg === 'EdDSA' ? [x] : [x, y]
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64url')))
}
