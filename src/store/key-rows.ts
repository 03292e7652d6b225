import { type ApiKey, KEY_ALGORITHMS } from '../core/api-key.ts'
import { Fault } from '../core/fault.ts'
import type { Principal } from '../core/principal.ts'
import type { KeyListing } from './api-keys.ts'
import { KEY_GRACE_MS, KEY_UNTIL_MS, type KeyPosting } from './board.ts'
import { encodeKey } from './key-record.ts'
import { type PrincipalRow, principalOf } from './rows.ts'

/** Columns of `holders h`, for `holderOf`. */
export const HOLDER_COLUMNS = `
  h.uid, h.kind, h.username, h.email, h.role, h.level, h.state, h.otp,
  h.referral_id::float8 as referral_id, h.version::float8 as version,
  h.generation::float8 as generation`

export interface HolderRow extends PrincipalRow {
  readonly kind: 'user' | 'service'
  readonly generation: number
}

export function holderOf(row: HolderRow): Principal {
  return { ...principalOf(row), kind: row.kind }
}

/** Columns of `api_keys k`, for `keyOf`; none is named as one of a holder's. */
export const KEY_COLUMNS = `
  k.kid, k.uid as key_uid, k.algorithm, encode(k.material, 'hex') as material,
  k.is_v1_accepted, k.scopes::text as scopes, k.networks::text as networks,
  k.state as key_state, floor(extract(epoch from k.expires_at) * 1000)::float8 as expires_at_ms,
  k.rate_per_second, k.rate_burst, k.version::float8 as key_version,
  floor(extract(epoch from k.created_at) * 1000)::float8 as created_at_ms,
  floor(extract(epoch from k.updated_at) * 1000)::float8 as updated_at_ms`

export interface KeyRow {
  readonly kid: string
  readonly key_uid: string
  readonly algorithm: string
  readonly material: string
  readonly is_v1_accepted: boolean
  readonly scopes: string
  readonly networks: string
  readonly key_state: string
  readonly expires_at_ms: number | null
  readonly rate_per_second: number | null
  readonly rate_burst: number | null
  readonly key_version: number
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

function keyOf(row: KeyRow): ApiKey {
  const algorithm = KEY_ALGORITHMS.find((one) => one === row.algorithm)
  if (algorithm === undefined) throw new Fault('store_garbage', { about: 'a key’s algorithm' })
  const { rate_per_second: perSecond, rate_burst: burst } = row
  return {
    ...{ kid: row.kid, uid: row.key_uid, algorithm },
    material: new Uint8Array(Buffer.from(row.material, 'hex')),
    isV1Accepted: row.is_v1_accepted,
    scopes: JSON.parse(row.scopes) as readonly string[],
    networks: JSON.parse(row.networks) as readonly string[],
    state: row.key_state,
    expiresAtMs: row.expires_at_ms ?? undefined,
    rate: perSecond === null || burst === null ? undefined : { perSecond, burst },
    version: row.key_version,
  }
}

export function listingOf(row: KeyRow): KeyListing {
  return { key: keyOf(row), createdAtMs: row.created_at_ms, updatedAtMs: row.updated_at_ms }
}

export function keyPostingOf(row: KeyRow): KeyPosting {
  const key = keyOf(row)
  const { kid, uid, version, expiresAtMs } = key
  const untilMs = expiresAtMs === undefined ? KEY_UNTIL_MS : expiresAtMs + KEY_GRACE_MS
  return { kid, uid, record: encodeKey(key), version, untilMs }
}
