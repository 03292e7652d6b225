import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { KeyDependencies } from '../../src/authorizer/api-keys.ts'
import { createKeyMemory, type KeyMemory } from '../../src/authorizer/key-memory.ts'
import { openKeyDependencies } from '../../src/authorizer/open-keys.ts'
import { createRing, type Ring } from '../../src/cache/ring.ts'
import type { ApiKey, KeyAlgorithm, KeyFacts } from '../../src/core/api-key.ts'
import type { Check, PresentedApiKey } from '../../src/core/check.ts'
import type { Principal } from '../../src/core/principal.ts'
import { nodeCrypto } from '../../src/crypto/engine.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import { createRequestVerifiers, type VerifyingEngine } from '../../src/crypto/request-verifier.ts'
import { createTwinNonces } from '../../src/store/twin-nonces.ts'
import { checkOf, factsOf, NOW } from '../core/facts.ts'
import { RSA_PAIR } from '../crypto/rsa-fixture.ts'

export const KID = '0123456789abcdef'
const SECRET = '00112233445566778899aabbccddeeff'
const secretsKey = parseSecretsKey('5e'.repeat(32))

export const VERIFIERS = createRequestVerifiers(nodeCrypto, secretsKey)

type PairName = Exclude<KeyAlgorithm, 'HS256'>
type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
const GENERATE: Record<PairName, () => Pair> = {
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => RSA_PAIR,
}
const pairs = new Map<PairName, Pair>()

/** The one pair of an algorithm that has pairs. */
export function pairOf(algorithm: PairName): Pair {
  const pair = pairs.get(algorithm) ?? GENERATE[algorithm]()
  pairs.set(algorithm, pair)
  return pair
}

export function keyFactsOf(
  fields: { key?: Partial<ApiKey>; principal?: Partial<Principal> } = {},
): KeyFacts {
  const { principal } = factsOf({ principal: { otp: true, ...fields.principal } })
  const identity = { kid: KID, uid: principal.uid, algorithm: 'HS256' as const, ...fields.key }
  const key: ApiKey = {
    material: materialOf(identity),
    isV1Accepted: true,
    scopes: [],
    networks: [],
    state: 'active',
    expiresAtMs: undefined,
    rate: undefined,
    version: 1,
    ...identity,
  }
  return { key, principal }
}

function materialOf(key: { kid: string; uid: string; algorithm: KeyAlgorithm }): Uint8Array {
  if (key.algorithm === 'HS256') {
    return sealSecret(secretsKey, Buffer.from(SECRET), apiKeyRow(key))
  }
  return pairOf(key.algorithm).publicKey.export({ format: 'der', type: 'spki' })
}

/** Barong's signature, as its clients make it. */
export function signV1(nonce: string, kid = KID, secret = SECRET): PresentedApiKey {
  const signature = createHmac('sha256', secret)
    .update(nonce + kid)
    .digest('hex')
  return { kid, nonce, signature, version: undefined, contentDigest: undefined }
}

/** The form of version 2, written down once more from its description alone. */
export function formV2(check: Check, kid: string, nonce: string, digest?: string): string {
  const target = check.query === '' ? check.path : `${check.path}?${check.query}`
  const parts = ['dvara-apikey-2', kid, nonce, check.method, check.host, target]
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part},`).join('')
  return text + (digest === undefined ? '-' : `${Buffer.byteLength(digest)}:${digest},`)
}

export interface SignV2 {
  readonly nonce?: string
  readonly kid?: string
  readonly digest?: string
  readonly algorithm?: KeyAlgorithm
}

/** The check with its key's headers of version 2. */
export function signedV2(fields: Partial<Check>, options: SignV2 = {}): Check {
  const check = checkOf(fields)
  const { nonce = String(NOW), kid = KID, digest, algorithm = 'HS256' } = options
  const signature = signatureOf(algorithm, formV2(check, kid, nonce, digest))
  return { ...check, apiKey: { kid, nonce, signature, version: '2', contentDigest: digest } }
}

export function signatureOf(algorithm: KeyAlgorithm, form: string): string {
  if (algorithm === 'HS256') return createHmac('sha256', SECRET).update(form).digest('hex')
  const key: KeyObject = pairOf(algorithm).privateKey
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  return sign(digest, Buffer.from(form), { key, dsaEncoding: 'ieee-p1363' }).toString('hex')
}

export interface KeyWorld {
  readonly dependencies: KeyDependencies
  /** What the store holds, by kid. */
  readonly stored: Map<string, KeyFacts>
  readonly memory: KeyMemory
  readonly ring: Ring
  readonly state: { loads: number; burns: string[]; fault: unknown; head: number }
}

/** Keys in memory, with the real crypto and the twin's nonces around them. */
export function createKeyWorld(
  options: {
    readonly clock?: { ms: number; monotonicMs: number }
    readonly isV1Once?: boolean
    readonly crypto?: VerifyingEngine
    readonly keysMax?: number
    /** Of what the store holds; the log that is followed is of `1.x`. */
    readonly epoch?: string
    /** In place of a fresh one, which costs more than most tests. */
    readonly memory?: KeyMemory
  } = {},
): KeyWorld {
  const { clock = { ms: NOW, monotonicMs: 5000 }, crypto = nodeCrypto, epoch = '1.x' } = options
  const stored = new Map<string, KeyFacts>([[KID, keyFactsOf()]])
  const keysMax = options.keysMax ?? 100
  const memory =
    options.memory ?? createKeyMemory({ keysMax, monotonicMs: () => clock.monotonicMs })
  const ring = createRing()
  const nonces = createTwinNonces(() => clock.ms)
  const state = { loads: 0, burns: [] as string[], fault: undefined as unknown, head: 1 }
  const dependencies = openKeyDependencies({
    config: {
      apikeyNonceLifetimeMs: 5000,
      apikeyV1Replay: options.isV1Once === true ? 'deny' : 'allow',
    },
    stores: {
      keys: {
        async load(kid) {
          state.loads++
          if (state.fault !== undefined) throw state.fault
          return { epoch, seq: state.head, found: stored.get(kid) }
        },
      },
      nonces: {
        async burn(one) {
          if (state.fault !== undefined) throw state.fault
          return nonces.burn(one)
        },
      },
    },
    memory: { keys: memory, ring },
    follower: {
      ...{ epoch: () => '1.x', appliedSeq: () => 9, beat: async () => true },
      isLoading: () => true,
    },
    metrics: {
      countLoad: () => undefined,
      countHit: () => undefined,
      countMiss: () => undefined,
      countBurn: (outcome) => void state.burns.push(outcome),
    },
    crypto,
    secretsKey,
  })
  return { dependencies, stored, memory, ring, state }
}
