import { parseBase64url } from './base64url.ts'
import { JWKS_KEYS_MAX, parseObject, type VerifyingKey } from './jwk.ts'
import type { KeySource } from './key-source.ts'
import { nodePublicKeys, type PublicKey, type PublicKeys } from './public-keys.ts'

/** What a bearer token must say to be accepted. */
export interface Expectations {
  readonly issuer: string
  readonly audience: string
  readonly subject: 'session'
  readonly nowMs: number
}

/** Why a bearer token is not accepted: for logs and metrics, not for the caller. */
export type BearerProblem =
  | 'malformed'
  | 'header_refused'
  | 'key_unknown'
  | 'keys_unavailable'
  | 'algorithm_mismatch'
  | 'signature_invalid'
  | 'claims_malformed'
  | 'issuer_mismatch'
  | 'audience_mismatch'
  | 'subject_mismatch'
  | 'lifetime_too_long'
  | 'not_yet_valid'
  | 'expired'

export type Verification =
  | { readonly ok: true; readonly claims: Record<string, unknown> }
  | { readonly ok: false; readonly problem: BearerProblem }

export interface Verifier {
  /** Whether the text is a token of ours that these expectations accept; never throws. */
  verify(bearer: string, expectations: Expectations): Promise<Verification>
}

/** Our tokens have some 700 characters; with an RSA-8192 signature and long claims twice that. */
export const BEARER_CHARACTERS_MAX = 8192
/** Clocks of one installation are kept closer than this. */
const LEEWAY_MS = 5_000
const LIFETIME_MAX_MS = 3_600_000

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface Parts {
  readonly kid: string
  readonly alg: unknown
  readonly payload: Buffer
  readonly signature: Buffer
  /** What is signed: everything before the last dot. */
  readonly input: Buffer
}

/**
 * Verifies our own bearer tokens by RFC 8725: shape, key, signature, then claims, in that order.
 * The algorithm is the key's; the token's word for it must agree and is never acted upon.
 */
export function createVerifier(options: {
  keys: KeySource
  /** Default: node:crypto's. */
  publicKeys?: PublicKeys
  /** A token made for longer than this is refused, however good its signature. */
  lifetimeMaxMs?: number
}): Verifier {
  const { keys, publicKeys = nodePublicKeys, lifetimeMaxMs = LIFETIME_MAX_MS } = options
  const isSigned = createIsSigned(publicKeys)

  return {
    async verify(bearer, expectations) {
      const parts = parseParts(bearer)
      if (typeof parts === 'string') return refuse(parts)
      const key = await keys.find(parts.kid, expectations.nowMs)
      if (key === undefined) return refuse('key_unknown')
      if (key === 'unavailable') return refuse('keys_unavailable')
      if (parts.alg !== key.alg) return refuse('algorithm_mismatch')
      if (!isSigned(key, parts)) return refuse('signature_invalid')
      const claims = parseUtf8Object(parts.payload)
      if (claims === undefined) return refuse('claims_malformed')
      const problem = claimsProblem(claims, expectations, lifetimeMaxMs)
      return problem === undefined ? { ok: true, claims } : refuse(problem)
    },
  }
}

/** Verifies with keys that stay prepared, each until its `kid` stands for another one. */
function createIsSigned(publicKeys: PublicKeys): (key: VerifyingKey, parts: Parts) => boolean {
  const known = new Map<string, { source: VerifyingKey; prepared: PublicKey | undefined }>()

  function preparedOf(key: VerifyingKey): PublicKey | undefined {
    const before = known.get(key.kid)
    const isSame = before?.source.alg === key.alg && before.source.publicKey.equals(key.publicKey)
    if (before !== undefined && isSame) return before.prepared
    before?.prepared?.forget()
    const prepared = publicKeys.prepare(key.alg, key.publicKey)
    known.set(key.kid, { source: key, prepared })
    // Of keys that came and went the oldest is let go.
    const [oldest] = known.keys()
    if (known.size > JWKS_KEYS_MAX && oldest !== undefined) {
      known.get(oldest)?.prepared?.forget()
      known.delete(oldest)
    }
    return prepared
  }

  return (key, { input, signature }) => preparedOf(key)?.verify(input, signature) === true
}

function refuse(problem: BearerProblem): Verification {
  return { ok: false, problem }
}

/** The token taken apart (RFC 7515 §7.1), every part in its one canonical spelling. */
function parseParts(bearer: string): Parts | BearerProblem {
  if (bearer.length > BEARER_CHARACTERS_MAX) return 'malformed'
  const first = bearer.indexOf('.')
  const second = bearer.indexOf('.', first + 1)
  if (first <= 0 || second <= first + 1 || second === bearer.length - 1) return 'malformed'
  // A dot further on is no base64url character, so the signature refuses it.
  const head = parseBase64url(bearer.slice(0, first))
  const payload = parseBase64url(bearer.slice(first + 1, second))
  const signature = parseBase64url(bearer.slice(second + 1))
  if (head === undefined || payload === undefined || signature === undefined) return 'malformed'
  const header = parseUtf8Object(head)
  if (header === undefined) return 'malformed'
  const { kid, alg } = header
  if (typeof kid !== 'string' || header.typ !== 'JWT') return 'header_refused'
  // Our header has three members. Any other asks for something: `crit` for rules we do not know,
  // `jku`, `jwk`, `x5u`, `x5c` for another key, `zip` and `enc` for work.
  if (Object.keys(header).length !== 3 || alg === undefined) return 'header_refused'
  return { kid, alg, payload, signature, input: Buffer.from(bearer.slice(0, second), 'latin1') }
}

function parseUtf8Object(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    return parseObject(UTF8.decode(bytes))
  } catch {
    return undefined
  }
}

function claimsProblem(
  claims: Record<string, unknown>,
  expectations: Expectations,
  lifetimeMaxMs: number,
): BearerProblem | undefined {
  const { iat, exp, nbf, jti, sub, iss, aud } = claims
  if (!isSeconds(iat) || !isSeconds(exp)) return 'claims_malformed'
  if (nbf !== undefined && !isSeconds(nbf)) return 'claims_malformed'
  if (typeof jti !== 'string' || jti === '') return 'claims_malformed'
  if (iss !== expectations.issuer) return 'issuer_mismatch'
  if (!isAudience(aud, expectations.audience)) return 'audience_mismatch'
  if (sub !== expectations.subject) return 'subject_mismatch'
  if ((exp - iat) * 1000 > lifetimeMaxMs) return 'lifetime_too_long'
  const latestMs = expectations.nowMs + LEEWAY_MS
  if (iat * 1000 > latestMs) return 'not_yet_valid'
  if (nbf !== undefined && nbf * 1000 > latestMs) return 'not_yet_valid'
  if (expectations.nowMs >= exp * 1000 + LEEWAY_MS) return 'expired'
  return undefined
}

/** Beyond the last instant a Date can hold, a number is no time. */
const SECONDS_MAX = 8_640_000_000_000

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= SECONDS_MAX
}

/** Whole strings, compared whole. */
function isAudience(aud: unknown, expected: string): boolean {
  if (!Array.isArray(aud)) return aud === expected
  return aud.every((one) => typeof one === 'string') && aud.includes(expected)
}
