import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import type { Algorithm } from './algorithm.ts'
import { ALGORITHMS, isAlgorithm, RSA_BITS_MAX, RSA_BITS_MIN } from './algorithm.ts'
import { parseBase64url } from './base64url.ts'
import { sha256Base64url } from './digest.ts'

/** The public members that make a key what it is, in the order RFC 7638 §3.2 hashes them. */
const REQUIRED_MEMBERS = {
  OKP: ['crv', 'kty', 'x'],
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
} as const

/** Members that hold a secret (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/** A set with more keys than this is not ours, nor anybody's. */
export const JWKS_KEYS_MAX = 64

/** A public key with the one algorithm it may be used with. */
export interface VerifyingKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly publicKey: KeyObject
}

export type PublicJwk = Readonly<Record<string, string>>

/** Only the required public members, in RFC 7638's order, or `undefined` if one is missing. */
export function publicMembers(jwk: JsonWebKey): PublicJwk | undefined {
  if (jwk.kty !== 'OKP' && jwk.kty !== 'EC' && jwk.kty !== 'RSA') return undefined
  const members: Record<string, string> = {}
  for (const name of REQUIRED_MEMBERS[jwk.kty]) {
    const value = jwk[name]
    if (typeof value !== 'string') return undefined
    members[name] = value
  }
  return members
}

/** The key's SHA-256 thumbprint (RFC 7638), or `undefined` if it is no public or private JWK. */
export function jwkThumbprint(jwk: JsonWebKey): string | undefined {
  const members = publicMembers(jwk)
  return members === undefined ? undefined : sha256Base64url(JSON.stringify(members))
}

/** The public key of a JWK if it is fit for the algorithm, else a sentence saying what is wrong. */
export function parsePublicKey(jwk: JsonWebKey, alg: Algorithm): KeyObject | string {
  const { kty, crv } = ALGORITHMS[alg]
  if (jwk.kty !== kty) return `expected kty ${kty} for ${alg}, found ${String(jwk.kty)}`
  if (crv !== undefined && jwk.crv !== crv) {
    return `expected crv ${crv} for ${alg}, found ${String(jwk.crv)}`
  }
  const members = publicMembers(jwk)
  if (members === undefined) return `a public member of the ${kty} key is missing`
  for (const name of ['x', 'y', 'n', 'e'] as const) {
    const value = members[name]
    if (value !== undefined && parseBase64url(value) === undefined) {
      return `member ${name} is not base64url`
    }
  }
  let key: KeyObject
  try {
    key = createPublicKey({ key: members, format: 'jwk' })
  } catch {
    return `the public members are no valid ${kty} key`
  }
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (kty === 'RSA' && (bits === undefined || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
    return `expected an RSA modulus of ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits, found ${bits}`
  }
  return key
}

/** One public key as the set publishes it. */
export function publishedJwk(key: { kid: string; alg: Algorithm; jwk: JsonWebKey }): PublicJwk {
  return { ...publicMembers(key.jwk), kid: key.kid, alg: key.alg, use: 'sig' }
}

/**
 * The keys of a JWK set (RFC 7517 §5) that may verify our tokens, by `kid`. Keys of other kinds or
 * uses are passed over; a set that holds a secret, two keys under one `kid` or too many keys is
 * `undefined` as a whole, because whoever published it is not to be trusted with the rest.
 */
export function parseJwks(text: string): Map<string, VerifyingKey> | undefined {
  const set = parseObject(text)
  if (set === undefined || !Array.isArray(set.keys)) return undefined
  if (set.keys.length > JWKS_KEYS_MAX) return undefined
  const keys = new Map<string, VerifyingKey>()
  for (const jwk of set.keys as readonly unknown[]) {
    if (!isObject(jwk) || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return undefined
    const { kid, alg } = jwk
    if (typeof kid !== 'string' || kid === '' || !isAlgorithm(alg)) continue
    if (jwk.use !== undefined && jwk.use !== 'sig') continue
    const publicKey = parsePublicKey(jwk as JsonWebKey, alg)
    if (typeof publicKey === 'string') continue
    if (keys.has(kid)) return undefined
    keys.set(kid, { kid, alg, publicKey })
  }
  return keys
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON object in `text`, or `undefined` if it is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
