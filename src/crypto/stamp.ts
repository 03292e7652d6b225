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

/** A signing key with all that does not change between two of its tokens. */
export interface Stamp {
  /** The compact JWS (RFC 7515 §3.1) of claims given as JSON. Throws if it cannot be signed. */
  mint(claims: string): string
  /** The same as a header carries it. */
  bearer(claims: string): Bearer
  /** Up to MINT_MAX at once; undefined where a signature failed the check of its arithmetic. */
  bearers(claims: readonly string[]): (Bearer | undefined)[]
  /** Off the event loop; undefined where signing is too quick to be worth it. */
  readonly bearerLater: ((claims: string) => Promise<Bearer>) | undefined
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
export function inputOf(head: string, claims: string): string {
  return head + Buffer.from(claims).toString('base64url')
}

export function joinSignature(input: string, signature: Uint8Array): string {
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
    const mint = (claims: string) => {
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
  return async (claims: string) => {
    const text = inputOf(head, claims)
    const signature = await signInPool(digest, Buffer.from(text, 'latin1'), input)
    return bearerOf(joinSignature(text, signature))
  }
}
