import { createEd25519Signers, type Ed25519Signer } from './ed25519.ts'
import { createEd25519Keys } from './ed25519-verifier.ts'
import { createHmacKeys } from './hmac.ts'
import type { SigningKey } from './keyring.ts'
import { createP256Signers } from './p256.ts'
import { provesP256 } from './p256-self-test.ts'
import { createP256Keys } from './p256-verifier.ts'
import { provesEd25519, provesHmac } from './self-test.ts'
import {
  type CryptoEngine,
  headOf,
  inputOf,
  joinSignature,
  nodeEngine,
  type Stamp,
} from './stamp.ts'
import { createWasmInstance } from './wasm.ts'

export type CryptoChoice = 'wasm' | 'node'

/** Room for the tables that the self-test's public keys take. */
const SELF_TEST_TABLES_BYTES = 2 * 1024 * 1024

/**
 * The engine that was chosen, proved by signing and verifying before anything depends on it. Where
 * WebAssembly does not load or does not compute what node:crypto does, it is node:crypto, and
 * `onProblem` is told why.
 */
export function openCrypto(
  choice: CryptoChoice,
  onProblem: (problem: string) => void,
): CryptoEngine {
  if (choice === 'node') return nodeEngine
  try {
    return createWasmEngine()
  } catch (cause) {
    onProblem(cause instanceof Error ? cause.message : String(cause))
    return nodeEngine
  }
}

function createWasmEngine(): CryptoEngine {
  const secrets = createWasmInstance()
  const ed25519 = createEd25519Signers(secrets)
  const p256 = createP256Signers(secrets)
  const openTables = () => createWasmInstance({ keyTablesBytesMax: SELF_TEST_TABLES_BYTES })
  const isRight =
    provesEd25519(ed25519, createEd25519Keys(openTables())) &&
    provesP256(p256, createP256Keys(openTables())) &&
    provesHmac(createHmacKeys(secrets))
  if (!isRight) throw new Error('the WebAssembly self-test found a wrong result')
  return {
    kind: 'wasm',
    stamp(key) {
      if (key.alg === 'EdDSA') return stampEd25519(key, withSecret(key, ed25519.prepare))
      if (key.alg !== 'ES256') return nodeEngine.stamp(key)
      return stampBySignatures(headOf(key), withSecret(key, p256.prepare))
    },
  }
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

/** Tokens of EdDSA are put together where they are signed. */
function stampEd25519(key: SigningKey, signer: Ed25519Signer): Stamp {
  const head = signer.prepareHead({ text: headOf(key), claims: '' })
  return {
    mint: head.sign,
    mintMany: head.signMany,
    mintLater: undefined,
    forget() {
      head.forget()
      signer.forget()
    },
  }
}

interface SignsMany {
  sign(message: Uint8Array): Uint8Array
  signMany(messages: readonly Uint8Array[]): (Uint8Array | undefined)[]
  forget(): void
}

function stampBySignatures(head: string, signer: SignsMany): Stamp {
  return {
    mint(claims) {
      const input = inputOf(head, claims)
      return joinSignature(input, signer.sign(Buffer.from(input, 'latin1')))
    },
    mintMany(claims) {
      const inputs = claims.map((each) => inputOf(head, each))
      const signatures = signer.signMany(inputs.map((input) => Buffer.from(input, 'latin1')))
      return inputs.map((input, at) => {
        const signature = signatures[at]
        return signature === undefined ? undefined : joinSignature(input, signature)
      })
    },
    mintLater: undefined,
    forget: () => signer.forget(),
  }
}
