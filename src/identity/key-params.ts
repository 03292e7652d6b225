import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { KEY_ALGORITHMS, type KeyAlgorithm, parseScope } from '../core/api-key.ts'
import { compileNetworks } from '../core/network.ts'
import { isObject, parseObject, parsePublicKey } from '../crypto/jwk.ts'
import { fitKeyOf } from '../crypto/public-keys.ts'
import { isWeakKey } from '../crypto/weak-key.ts'
import type { ApiKeyChange, KeyQuery } from '../store/api-keys.ts'
import { PageParams } from './admin-users.ts'
import { type Refusal, refuse } from './endpoint.ts'
import { type Static, Type } from './shape.ts'

const LIST_MAX = 32
const KEY_TEXT_MAX = 8_192
/** Members of a JWK that only its owner may know. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

export const Kid = Type.String({ maxLength: 64 })
export const Totp = Type.Optional(Type.String({ maxLength: 32 }))

/** What may be said of a key whether it is new or not; a list is words between commas. */
const LIMIT_PARAMS = {
  scope: Type.Optional(Type.String({ maxLength: 8_192 })),
  networks: Type.Optional(Type.String({ maxLength: 2_048 })),
  expires_at: Type.Optional(Type.Integer({ minimum: 0, maximum: 253_402_300_799 })),
  v1: Type.Optional(Type.Boolean()),
  rate_per_second: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
  rate_burst: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
}

export const CREATE_PARAMS = {
  algorithm: Type.String({ maxLength: 16 }),
  public_key: Type.Optional(Type.Unknown()),
  totp_code: Totp,
  ...LIMIT_PARAMS,
}

export const CHANGE_PARAMS = {
  kid: Kid,
  totp_code: Totp,
  state: Type.Optional(Type.String({ pattern: '^[a-z_]{1,32}$' })),
  ...LIMIT_PARAMS,
}

export type CreateKeyParams = Static<ReturnType<typeof createShape>>
function createShape() {
  return Type.Object(CREATE_PARAMS)
}

export type ChangeKeyParams = Static<ReturnType<typeof changeShape>>
function changeShape() {
  return Type.Object(CHANGE_PARAMS)
}

/** Seven days: a key that should be gone must not linger. */
const OVERLAP_S_MAX = 604_800

export const ROTATE_PARAMS = {
  kid: Kid,
  totp_code: Totp,
  overlap: Type.Optional(Type.Integer({ minimum: 0, maximum: OVERLAP_S_MAX })),
  public_key: Type.Optional(Type.Unknown()),
}

const ORDER_FIELDS = ['id', 'kid', 'algorithm', 'state', 'created_at', 'updated_at'] as const
const OneOf = <const T extends readonly string[]>(words: T, refusal: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words], refusal })

/** How a list of keys is asked for; Barong calls a bad `order_by` an attribute. */
export function listParams(codeClass: string) {
  return {
    ordering: Type.Optional(OneOf(['asc', 'desc'], `${codeClass}.invalid_ordering`)),
    order_by: Type.Optional(OneOf(ORDER_FIELDS, `${codeClass}.invalid_attribute`)),
    ...PageParams,
  }
}

interface ListParams {
  readonly ordering?: 'asc' | 'desc'
  readonly order_by?: KeyQuery['orderBy']
  readonly page?: number
  readonly limit?: number
}

export function keyQueryOf(uid: string, params: ListParams): KeyQuery {
  const { ordering = 'asc', order_by: orderBy = 'id', page = 1, limit = 100 } = params
  return { uid, ordering, orderBy, page, limit }
}

type LimitParams = Static<ReturnType<typeof limitShape>>
function limitShape() {
  return Type.Object(LIMIT_PARAMS)
}

/** What the limits say, only as far as they are given; or every complaint. */
export function readLimits(
  params: LimitParams,
  codeClass: string,
  nowMs: number,
): { readonly change: ApiKeyChange } | { readonly refusal: Refusal } {
  const bad: string[] = []
  const scopes = wordsOf(params.scope)
  if (scopes?.some((one) => parseScope(one) === undefined)) bad.push('scope')
  const networks = wordsOf(params.networks)
  if (networks !== undefined && compileNetworks(networks).kind !== 'compiled') bad.push('networks')
  if ((scopes?.length ?? 0) > LIST_MAX) bad.push('scope')
  if ((networks?.length ?? 0) > LIST_MAX) bad.push('networks')
  const { v1, expires_at: expiresAtS } = params
  // 0 takes the expiry away, as a rate of 0 does the rate.
  const isPast = expiresAtS !== undefined && expiresAtS !== 0 && expiresAtS * 1000 <= nowMs
  if (isPast) bad.push('expires_at')
  const { rate_per_second: perSecond, rate_burst: burst } = params
  if (burst !== undefined && (perSecond ?? 0) === 0) bad.push('rate_burst')
  if (bad.length > 0) {
    const codes = [...new Set(bad)].map((name) => `${codeClass}.invalid_${name}`)
    return { refusal: refuse(422, ...codes) }
  }
  return {
    change: {
      ...(scopes === undefined ? {} : { scopes }),
      ...(networks === undefined ? {} : { networks }),
      ...(v1 === undefined ? {} : { isV1Accepted: v1 }),
      ...(expiresAtS === undefined
        ? {}
        : { expiresAtMs: expiresAtS === 0 ? null : expiresAtS * 1000 }),
      ...(perSecond === undefined
        ? {}
        : { rate: perSecond === 0 ? null : { perSecond, burst: burst ?? perSecond } }),
    },
  }
}

function wordsOf(list: string | undefined): readonly string[] | undefined {
  return list
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

export function readAlgorithm(given: string): KeyAlgorithm | undefined {
  return KEY_ALGORITHMS.find((one) => one === given)
}

/**
 * A public key given as PEM (`PUBLIC KEY`, RFC 7468 §13), as a JWK or as the text of one, in SPKI
 * DER; undefined unless it is a public key, and of the algorithm's kind, curve and length.
 */
export function readPublicKey(
  given: unknown,
  algorithm: Exclude<KeyAlgorithm, 'HS256'>,
): Uint8Array | undefined {
  const key = typeof given === 'string' ? keyOfText(given, algorithm) : keyOfJwk(given, algorithm)
  const fit = key === undefined ? undefined : fitKeyOf(algorithm, key)
  if (fit === undefined || isWeakKey(fit)) return undefined
  return new Uint8Array(fit.export({ format: 'der', type: 'spki' }))
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/

function keyOfText(text: string, algorithm: Exclude<KeyAlgorithm, 'HS256'>): KeyObject | undefined {
  if (text.length > KEY_TEXT_MAX) return undefined
  if (!PEM.test(text)) return keyOfJwk(parseObject(text), algorithm)
  try {
    return createPublicKey({ key: text, format: 'pem', type: 'spki' })
  } catch {
    return undefined
  }
}

/** A JWK with a private member is refused: whoever sends one has told us a secret. */
function keyOfJwk(jwk: unknown, algorithm: Exclude<KeyAlgorithm, 'HS256'>): KeyObject | undefined {
  if (!isObject(jwk) || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return undefined
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return undefined
  const key = parsePublicKey(jwk as JsonWebKey, algorithm)
  return typeof key === 'string' ? undefined : key
}
