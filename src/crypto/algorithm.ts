import type { KeyObject, SignKeyObjectInput } from 'node:crypto'
import { constants, createPrivateKey, generateKeyPair, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'

const generatePair = promisify(generateKeyPair)

/**
 * The key alone, free of the job that made it: Node 20 stands still for good when it collects that
 * job while it tells what is in the key, which holds the same lock.
 */
function detach({ privateKey }: { readonly privateKey: KeyObject }) {
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  try {
    return { privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
  } finally {
    der.fill(0)
  }
}

/** RFC 7518 §3.3 forbids less, for what is generated elsewhere. */
export const RSA_BITS_MIN = 2048
/** OpenSSL refuses to verify longer ones, and a longer one is a way to keep a verifier busy. */
export const RSA_BITS_MAX = 8192
const RSA_BITS_GENERATED = 3072

/** How a key of an algorithm looks and is used. Nothing here is read from a token. */
interface AlgorithmRow {
  readonly kty: 'OKP' | 'EC' | 'RSA'
  readonly crv: string | undefined
  /** What node:crypto calls such a key. */
  readonly keyType: string
  /** EdDSA hashes by itself. */
  readonly digest: 'sha256' | null
  readonly options: Omit<SignKeyObjectInput, 'key'>
  generate(): Promise<{ privateKey: KeyObject }>
}

export const ALGORITHMS = {
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    keyType: 'ed25519',
    digest: null,
    options: {},
    generate: async () => detach(await generatePair('ed25519')),
  },
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    keyType: 'ec',
    digest: 'sha256',
    // RFC 7518 §3.4: the two numbers side by side, not DER.
    options: { dsaEncoding: 'ieee-p1363' },
    generate: async () => detach(await generatePair('ec', { namedCurve: 'P-256' })),
  },
  RS256: {
    kty: 'RSA',
    crv: undefined,
    keyType: 'rsa',
    digest: 'sha256',
    options: { padding: constants.RSA_PKCS1_PADDING },
    generate: async () => detach(await generatePair('rsa', { modulusLength: RSA_BITS_GENERATED })),
  },
  PS256: {
    kty: 'RSA',
    crv: undefined,
    keyType: 'rsa',
    digest: 'sha256',
    // RFC 7518 §3.5: the salt is as long as the digest.
    options: {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    },
    generate: async () => detach(await generatePair('rsa', { modulusLength: RSA_BITS_GENERATED })),
  },
} as const satisfies Record<string, AlgorithmRow>

/** A signature algorithm of RFC 7518 or RFC 8037 that this project signs and verifies with. */
export type Algorithm = keyof typeof ALGORITHMS

export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly Algorithm[]

export function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value)
}

/** What signs with one key: the key is prepared once, so that another engine may hold tables. */
export interface PreparedKey {
  /** The signature's bytes as JWS wants them. */
  sign(message: Uint8Array): Uint8Array
}

/** Prepares a private key for signing through node:crypto. */
export function prepareKey(algorithm: Algorithm, privateKey: KeyObject): PreparedKey {
  const { digest, options } = ALGORITHMS[algorithm]
  // The same object every time: a fresh one costs the native side a fresh shape to read.
  const input = { ...options, key: privateKey }
  return { sign: (message) => sign(digest, message, input) }
}

/** Whether `signature` is the key's over `message`, by the algorithm bound to the key. */
export function verifySignature(
  key: { readonly alg: Algorithm; readonly publicKey: KeyObject },
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { digest, options } = ALGORITHMS[key.alg]
  return verify(digest, message, { ...options, key: key.publicKey }, signature)
}
