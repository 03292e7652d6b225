import { type BlakeKeys, createBlakeKeys } from './blake.ts'
import { createEd25519Signers } from './ed25519.ts'
import { createHmacKeys, type HmacKeys } from './hmac.ts'
import type { SigningKey } from './keyring.ts'
import { nodeBlakeKeys, provesBlake } from './node-blake.ts'
import { nodeHmacKeys } from './node-hmac.ts'
import { createP256Signers } from './p256.ts'
import { nodePublicKeys, type PublicKeys } from './public-keys.ts'
import { provesEd25519Signing, provesP256Signing } from './signing-self-test.ts'
import { type CryptoEngine, headOf, nodeEngine, type Stamp } from './stamp.ts'
import type { Tokens } from './tokens.ts'
import { provesHmac } from './verifying-self-test.ts'
import { createWasmInstance, type WasmInstance } from './wasm.ts'
import { createWasmPublicKeys } from './wasm-public-keys.ts'

export type CryptoChoice = 'wasm' | 'node'

/** All of cryptography that one process does, on the engine that was chosen. */
export interface Crypto extends CryptoEngine {
  /** Verifies what others signed; shares no memory with what holds secrets. */
  readonly publicKeys: PublicKeys
  /** Verifies what others made with a secret that we share. */
  readonly hmacKeys: HmacKeys
  /** Seals and verifies values that only we read. */
  readonly blakeKeys: BlakeKeys
}

/** All of it through OpenSSL. */
export const nodeCrypto: Crypto = {
  ...nodeEngine,
  publicKeys: nodePublicKeys,
  hmacKeys: nodeHmacKeys,
  blakeKeys: nodeBlakeKeys,
}

/**
 * The engine that was chosen. WebAssembly proves each of its parts when the first key of it is
 * prepared, before anything is signed or believed: where it does not load, or does not compute what
 * node:crypto does, it is node:crypto from then on, and `onProblem` is told why.
 */
export function openCrypto(choice: CryptoChoice, onProblem: (problem: string) => void): Crypto {
  if (choice === 'node') return nodeCrypto
  try {
    return createWasmEngine(createWasmInstance(), onProblem)
  } catch (cause) {
    onProblem(wordOf(cause))
    return nodeCrypto
  }
}

/** What both curves' signers are to tokens. */
interface TokenSigner {
  prepareTokens(text: string): Tokens
  forget(): void
}

/** Exported for its test: an instance that computes wrongly is not to be had otherwise. */
export function createWasmEngine(
  secrets: WasmInstance,
  onProblem: (problem: string) => void,
): Crypto {
  let isBroken = false
  // A curve's tables take some 15 ms to build: one that no key uses is not built.
  const ed25519 = once(() => proved(createEd25519Signers(secrets), provesEd25519Signing))
  const p256 = once(() => proved(createP256Signers(secrets), provesP256Signing))

  function stamp(key: SigningKey): Stamp {
    const { prepare } = key.alg === 'EdDSA' ? ed25519() : p256()
    return stampTokens(key, withSecret(key, prepare))
  }

  return {
    get kind() {
      return isBroken ? 'node' : 'wasm'
    },
    stamp(key) {
      const isOurs = key.alg === 'EdDSA' || key.alg === 'ES256'
      if (isBroken || !isOurs) return nodeEngine.stamp(key)
      try {
        return stamp(key)
      } catch (cause) {
        isBroken = true
        onProblem(wordOf(cause))
        return nodeEngine.stamp(key)
      }
    },
    publicKeys: createWasmPublicKeys({ onProblem }),
    hmacKeys: createMacKeys({
      open: () => createHmacKeys(secrets),
      proves: provesHmac,
      spare: nodeHmacKeys,
      onProblem,
    }),
    blakeKeys: createMacKeys({
      open: () => createBlakeKeys(secrets),
      proves: provesBlake,
      spare: nodeBlakeKeys,
      onProblem,
    }),
  }
}

interface Prepares<Key> {
  prepare(key: Uint8Array): Key
}

/** Keys of MACs in the memory of secrets; beyond its slots, and if it is broken, in `spare`. */
function createMacKeys<Key>(options: {
  open: () => Prepares<Key>
  proves: (keys: Prepares<Key>) => boolean
  spare: Prepares<Key>
  onProblem: (problem: string) => void
}): Prepares<Key> {
  const { proves, spare, onProblem } = options
  const open = once(() => {
    try {
      const keys = options.open()
      if (proves(keys)) return keys
      onProblem('the WebAssembly self-test found a wrong MAC')
    } catch (cause) {
      onProblem(wordOf(cause))
    }
    return spare
  })
  return {
    prepare(key) {
      try {
        return open().prepare(key)
      } catch (cause) {
        // Every slot is taken.
        if (cause instanceof RangeError) return spare.prepare(key)
        throw cause
      }
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function proved<T>(signers: T, proves: (signers: T) => boolean): T {
  if (!proves(signers)) throw new Error('the WebAssembly self-test found a wrong signature')
  return signers
}

function wordOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** RFC 8410 §7: a PrivateKeyInfo of Ed25519 up to its seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
/** RFC 5915 §3: an ECPrivateKey up to the number, behind the length of the whole. */
const SEC1_HEAD = Buffer.from('0201010420', 'hex')

/** Works on the 32 bytes that a private key of either curve is, and wipes them afterwards. */
function withSecret<T>(key: SigningKey, work: (secret: Uint8Array) => T): T {
  const isEd25519 = key.alg === 'EdDSA'
  const type = isEd25519 ? 'pkcs8' : 'sec1'
  const der = key.privateKey.export({ format: 'der', type })
  const head = isEd25519 ? PKCS8_HEAD : SEC1_HEAD
  const at = isEd25519 ? 0 : 2
  try {
    if (!der.subarray(at, at + head.length).equals(head)) {
      throw new Error(`the key ${key.kid} is not spelled as its curve's keys are`)
    }
    const start = at + head.length
    return work(der.subarray(start, start + 32))
  } finally {
    der.fill(0)
  }
}

/** A key of either curve: its tokens are put together where they are signed. */
function stampTokens(key: SigningKey, signer: TokenSigner): Stamp {
  const tokens = prepareOrForget(key, signer)
  return {
    mint: tokens.sign,
    bearer: tokens.signBearer,
    bearers: tokens.signBearers,
    bearerLater: undefined,
    forget() {
      tokens.forget()
      signer.forget()
    },
  }
}

/** A key for whose tokens there is no room does not stay in memory. */
function prepareOrForget(key: SigningKey, signer: TokenSigner): Tokens {
  try {
    return signer.prepareTokens(headOf(key))
  } catch (cause) {
    signer.forget()
    throw cause
  }
}
