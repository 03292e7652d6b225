import type { ApiKey, KeyAlgorithm, KeyFacts, KeyRate } from '../core/api-key.ts'
import type { Loaded } from './sessions.ts'

/** The hot half: what an authorizer asks. Redis only; throws a Fault, never refuses. */
export interface KeyFactsSource {
  /** The key with its holder, usable or not; undefined if unknown or removed. */
  load(kid: string): Promise<Loaded<KeyFacts>>
}

/** A key as its holder or an administrator may see it. */
export interface KeyListing {
  readonly key: ApiKey
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** Everything that its holder chose, and the material that the identity API made of it. */
export interface NewApiKey {
  readonly kid: string
  readonly uid: string
  readonly algorithm: KeyAlgorithm
  readonly material: Uint8Array
  readonly isV1Accepted: boolean
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly expiresAtMs: number | undefined
  readonly rate: KeyRate | undefined
}

/** A field that is absent stays as it is; `null` takes an expiry or a rate away. */
export interface ApiKeyChange {
  readonly state?: string
  readonly scopes?: readonly string[]
  readonly networks?: readonly string[]
  readonly isV1Accepted?: boolean
  readonly expiresAtMs?: number | null
  readonly rate?: KeyRate | null
}

export interface KeyQuery {
  readonly uid: string
  readonly orderBy: 'id' | 'kid' | 'algorithm' | 'state' | 'created_at' | 'updated_at'
  readonly ordering: 'asc' | 'desc'
  /** 1-based. */
  readonly page: number
  /** 1–100. */
  readonly limit: number
}

export type KeyOutcome =
  | { readonly outcome: 'done'; readonly listing: KeyListing }
  /** There is no such key, or no such holder. */
  | { readonly outcome: 'unknown' }
  /** Its holder (or the holder's owner) is not active, or lacks the second factor. */
  | { readonly outcome: 'inactive' }
  /** The holder has `KEYS_PER_HOLDER_MAX` of them. */
  | { readonly outcome: 'full' }

/** Keys of one holder that are not expired; a change of the holder re-posts them in one step. */
export const KEYS_PER_HOLDER_MAX = 100

/** The cold half: what the identity API does. Postgres first, then Redis, then the log. */
export interface ApiKeys {
  create(key: NewApiKey): Promise<KeyOutcome>
  /** The key if it is this holder's. */
  find(uid: string, kid: string): Promise<KeyListing | undefined>
  list(query: KeyQuery): Promise<{ readonly keys: readonly KeyListing[]; readonly total: number }>
  /** In force when it returns. Nothing becomes active whose holder is not. */
  change(uid: string, kid: string, change: ApiKeyChange): Promise<KeyOutcome>
  /** `successor` joins with what the old key was allowed; the old one ends at `endsAtMs`. */
  rotate(
    old: { readonly uid: string; readonly kid: string; readonly endsAtMs: number },
    successor: Pick<NewApiKey, 'kid' | 'algorithm' | 'material'>,
  ): Promise<KeyOutcome>
  /** True if this call removed it. Published when it returns. */
  remove(uid: string, kid: string): Promise<boolean>
}
