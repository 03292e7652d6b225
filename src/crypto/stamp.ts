import type { KeyObject } from 'node:crypto'
import { sign as signLater } from 'node:crypto'
import { promisify } from 'node:util'
import { ALGORITHMS, type Algorithm, prepareKey } from './algorithm.ts'
import type { SigningKey } from './keyring.ts'

/** How many tokens one call may mint together. */
export const MINT_MAX = 16

/** The value of an Authorization header, in ASCII: `Bearer ` and a compact JWS (RFC 6750 §2.1). */
export type Bearer = Uint8Array

const BEARER = 'Bearer '

export function bearerOf(token: string): Bearer {
  return Buffer.from(BEARER + token, 'latin1')
}

export function tokenOf(bearer: Bearer): string {
  const { buffer, byteOffset, byteLength } = bearer
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1', BEARER.length)
}

/**
 * The JSON of a token's claims, cut in two: what it begins with, which is worth encoding once
 * because other tokens begin with the same, and the rest. Anywhere will do; there may be nothing
 * to share.
 */
export interface Claims {
  readonly shared: string
  readonly own: string
}

/** Claims that share nothing with others. */
export function wholeClaims(json: string): Claims {
  return { shared: '', own: json }
}

/** A signing key with all that does not change between two of its tokens. */
export interface Stamp {
  /** The compact JWS (RFC 7515 §3.1) of these claims. Throws if it cannot be signed. */
  mint(claims: Claims): string
  /** The same as a header carries it. */
  bearer(claims: Claims): Bearer
  /** Up to MINT_MAX at once; undefined where a signature failed the check of its arithmetic. */
  bearers(claims: readonly Claims[]): (Bearer | undefined)[]
  /** Off the event loop; undefined where signing is too quick to be worth it. */
  readonly bearerLater: ((claims: Claims) => Promise<Bearer>) | undefined
  /** Wipes what was prepared; the stamp may not be used again. */
  forget(): void
}

/** What signs with prepared keys: ours in WebAssembly, or node:crypto. */
export interface CryptoEngine {
  readonly kind: 'wasm' | 'node'
  /** Prepares a key. Throws if this engine has no room for one more. */
  stamp(key: SigningKey): Stamp
}

/** The header that every token of a key begins with, encoded, and its dot. */
export function headOf({ alg, kid }: Pick<SigningKey, 'alg' | 'kid'>): string {
  const header = JSON.stringify({ alg, kid, typ: 'JWT' })
  return `${Buffer.from(header).toString('base64url')}.`
}

/** What is signed of a token (RFC 7515 §5.1): header, dot, payload. */
function inputOf(head: string, { shared, own }: Claims): string {
  return head + Buffer.from(shared + own).toString('base64url')
}

function joinSignature(input: string, signature: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = signature
  return `${input}.${Buffer.from(buffer, byteOffset, byteLength).toString('base64url')}`
}

const signInPool = promisify(signLater)

/** Every algorithm through OpenSSL; RSA off the event loop, of which it would take 0.2 ms. */
export const nodeEngine: CryptoEngine = {
  kind: 'node',
  stamp(key) {
    const head = headOf(key)
    const prepared = prepareKey(key.alg, key.privateKey)
    const mint = (claims: Claims) => {
      const input = inputOf(head, claims)
      return joinSignature(input, prepared.sign(Buffer.from(input, 'latin1')))
    }
    return {
      mint,
      bearer: (claims) => bearerOf(mint(claims)),
      bearers: (claims) => claims.map((each) => bearerOf(mint(each))),
      bearerLater: isSlow(key.alg) ? createBearerLater(head, key.alg, key.privateKey) : undefined,
      forget() {},
    }
  },
}

function isSlow(algorithm: Algorithm): boolean {
  return ALGORITHMS[algorithm].kty === 'RSA'
}

function createBearerLater(head: string, algorithm: Algorithm, privateKey: KeyObject) {
  const { digest, options } = ALGORITHMS[algorithm]
  const input = { ...options, key: privateKey }
  return async (claims: Claims) => {
    const text = inputOf(head, claims)
    const signature = await signInPool(digest, Buffer.from(text, 'latin1'), input)
    return bearerOf(joinSignature(text, signature))
  }
}
