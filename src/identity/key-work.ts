import type { KeyAlgorithm } from '../core/api-key.ts'
import { apiKeyRow, sealSecret } from '../crypto/envelope.ts'
import type { KeyListing, KeyOutcome } from '../store/api-keys.ts'
import type { User } from '../store/users.ts'
import type { Client } from './client.ts'
import { done, type Outcome, type Refusal, refuse } from './endpoint.ts'
import {
  type ChangeKeyParams,
  type CreateKeyParams,
  readAlgorithm,
  readLimits,
  readPublicKey,
} from './key-params.ts'
import { spendCode } from './one-time-codes.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'
import { instant } from './views.ts'

const KID_BYTES = 8
const SECRET_BYTES = 16

export const KeyView = Type.Object({
  kid: Type.String(),
  algorithm: Type.String(),
  scope: Type.Array(Type.String()),
  state: Type.String(),
  /** Only in the answer that made it. */
  secret: Type.Optional(Type.String()),
  networks: Type.Array(Type.String()),
  expires_at: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  v1: Type.Boolean(),
  rate_per_second: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
  rate_burst: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
  created_at: Type.String(),
  updated_at: Type.String(),
})

export function keyView({ key, createdAtMs, updatedAtMs }: KeyListing, secret?: string) {
  const { kid, algorithm, scopes, state, networks, expiresAtMs, isV1Accepted, rate } = key
  return {
    ...{ kid, algorithm, scope: scopes, state },
    ...(secret === undefined ? {} : { secret }),
    networks,
    expires_at: expiresAtMs === undefined ? null : instant(expiresAtMs),
    v1: isV1Accepted,
    rate_per_second: rate?.perSecond ?? null,
    rate_burst: rate?.burst ?? null,
    created_at: instant(createdAtMs),
    updated_at: instant(updatedAtMs),
  }
}

const REFUSALS = {
  unknown: refuse(404, 'record.not_found'),
  inactive: refuse(422, 'api_key.holder_not_active'),
  full: refuse(422, 'api_key.limit_reached'),
} as const satisfies Record<Exclude<KeyOutcome['outcome'], 'done'>, Refusal>

/** What a key stands on: a sealed secret to be shown once, or a public key. */
interface Material {
  readonly kid: string
  readonly algorithm: KeyAlgorithm
  readonly material: Uint8Array
  readonly secret: string | undefined
}

function mintMaterial(
  { randomBytes, secretsKey }: Parts,
  given: { readonly uid: string; readonly algorithm: KeyAlgorithm; readonly publicKey: unknown },
): Material | Refusal {
  const { uid, algorithm, publicKey } = given
  const kid = Buffer.from(randomBytes(KID_BYTES)).toString('hex')
  if (algorithm !== 'HS256') {
    const material = readPublicKey(publicKey, algorithm)
    if (material === undefined) return refuse(422, 'public_key.invalid')
    return { kid, algorithm, material, secret: undefined }
  }
  if (publicKey !== undefined) return refuse(422, 'public_key.invalid')
  if (secretsKey === undefined) return refuse(422, 'api_key.could_not_save_secret')
  const secret = Buffer.from(randomBytes(SECRET_BYTES)).toString('hex')
  // The text is the key, not the bytes that it spells: so Barong's clients have it.
  const row = apiKeyRow({ kid, uid, algorithm })
  return { kid, algorithm, material: sealSecret(secretsKey, Buffer.from(secret), row), secret }
}

/** Who may change a key: its holder, and the person with the second factor. */
export interface KeyCall {
  readonly holderUid: string
  readonly user: User
  readonly client: Client
  readonly totpCode: string | undefined
  /** What the refusals about the second factor begin with. */
  readonly codeClass: string
}

/** Why the second factor does not let this change happen; undefined if it does. */
async function refusalOfCode(parts: Parts, call: KeyCall): Promise<Refusal | undefined> {
  const { user, client, totpCode, codeClass } = call
  if (totpCode === undefined) return refuse(422, `${codeClass}.missing_totp`)
  const wrong = refuse(422, `${codeClass}.invalid_totp`)
  return spendCode(parts, { user, client, code: totpCode, wrong })
}

/** Who has no second factor may not have keys. */
function refusalOfUser({ user, codeClass }: KeyCall): Refusal | undefined {
  return user.otp ? undefined : refuse(400, `${codeClass}.2fa_disabled`)
}

export async function createKey(
  parts: Parts,
  call: KeyCall,
  params: CreateKeyParams,
): Promise<Outcome> {
  const unready = refusalOfUser(call)
  if (unready !== undefined) return unready
  const read = readLimits(params, call.codeClass, parts.nowMs())
  if ('refusal' in read) return read.refusal
  const algorithm = readAlgorithm(params.algorithm)
  if (algorithm === undefined) return refuse(422, 'kid.blank', 'algorithm.inclusion')
  const given = { uid: call.holderUid, algorithm, publicKey: params.public_key }
  const made = mintMaterial(parts, given)
  if ('kind' in made) return made
  const { change: limits } = read
  const refused = await refusalOfCode(parts, call)
  if (refused !== undefined) return refused
  const { secret, ...material } = made
  const outcome = await parts.stores.apiKeys.create({
    ...material,
    uid: call.holderUid,
    isV1Accepted: limits.isV1Accepted ?? algorithm === 'HS256',
    scopes: limits.scopes ?? [],
    networks: limits.networks ?? [],
    expiresAtMs: limits.expiresAtMs ?? undefined,
    rate: limits.rate ?? undefined,
  })
  return answerOf(parts, call, 'key.created', outcome, secret)
}

export async function changeKey(
  parts: Parts,
  call: KeyCall,
  params: ChangeKeyParams,
): Promise<Outcome> {
  const unready = refusalOfUser(call)
  if (unready !== undefined) return unready
  const read = readLimits(params, call.codeClass, parts.nowMs())
  if ('refusal' in read) return read.refusal
  const { kid, state } = params
  const change = { ...read.change, ...(state === undefined ? {} : { state }) }
  const refused = await refusalOfCode(parts, call)
  if (refused !== undefined) return refused
  const outcome = await parts.stores.apiKeys.change(call.holderUid, kid, change)
  return answerOf(parts, call, 'key.changed', outcome)
}

export async function rotateKey(
  parts: Parts,
  call: KeyCall,
  wanted: { readonly kid: string; readonly overlapS: number; readonly publicKey: unknown },
): Promise<Outcome> {
  const unready = refusalOfUser(call)
  if (unready !== undefined) return unready
  const { stores, nowMs } = parts
  const uid = call.holderUid
  const old = await stores.apiKeys.find(uid, wanted.kid)
  if (old === undefined) return REFUSALS.unknown
  const { algorithm } = old.key
  const made = mintMaterial(parts, { uid, algorithm, publicKey: wanted.publicKey })
  if ('kind' in made) return made
  const refused = await refusalOfCode(parts, call)
  if (refused !== undefined) return refused
  const { secret, ...successor } = made
  const endsAtMs = nowMs() + wanted.overlapS * 1000
  const outcome = await stores.apiKeys.rotate({ uid, kid: wanted.kid, endsAtMs }, successor)
  return answerOf(parts, call, 'key.rotated', outcome, secret)
}

export async function removeKey(parts: Parts, call: KeyCall, kid: string): Promise<Outcome> {
  const refused = refusalOfUser(call) ?? (await refusalOfCode(parts, call))
  if (refused !== undefined) return refused
  if (!(await parts.stores.apiKeys.remove(call.holderUid, kid))) return REFUSALS.unknown
  parts.log.info({ event: 'key.removed', by: call.user.uid, kid }, 'API key removed')
  return done({})
}

function answerOf(
  { log }: Parts,
  call: KeyCall,
  event: string,
  outcome: KeyOutcome,
  secret?: string,
): Outcome {
  if (outcome.outcome !== 'done') return REFUSALS[outcome.outcome]
  const { kid, uid } = outcome.listing.key
  log.info({ event, by: call.user.uid, uid, kid }, 'API key')
  return done(keyView(outcome.listing, secret))
}
