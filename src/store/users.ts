import type { Principal } from '../core/principal.ts'

/** A person who can sign in: the principal and what the identity API alone knows of it. */
export interface User extends Principal {
  readonly kind: 'user'
  readonly id: number
  readonly passwordDigest: string
  readonly referralUid: string | null
  /** Free JSON text of the user's own, or null. */
  readonly data: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface NewUser {
  readonly uid: string
  readonly username: string | null
  readonly email: string
  readonly passwordDigest: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly referralId: number | null
  readonly data: string | null
}

export interface UserChange {
  readonly role?: string
  readonly state?: string
  readonly level?: number
  readonly otp?: boolean
  readonly data?: string | null
  readonly passwordDigest?: string
}

export interface UserQuery {
  readonly uid?: string
  readonly email?: string
  readonly role?: string
  readonly level?: number
  readonly state?: string
  /** Which instant `fromMs`/`toMs` bound. */
  readonly range?: 'created' | 'updated'
  readonly fromMs?: number
  readonly toMs?: number
  readonly orderBy:
    | 'id'
    | 'uid'
    | 'email'
    | 'role'
    | 'level'
    | 'state'
    | 'created_at'
    | 'updated_at'
  readonly ordering: 'asc' | 'desc'
  /** 1-based. */
  readonly page: number
  /** 1–100. */
  readonly limit: number
}

export interface Label {
  readonly key: string
  readonly value: string
  readonly scope: 'public' | 'private'
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** People in Postgres. A change that an authorizer must know is in Redis and the log on return. */
export interface Users {
  /** `store_conflict` naming `email` or `username` if it is taken. */
  create(user: NewUser): Promise<User>
  findByEmail(email: string): Promise<User | undefined>
  findByUid(uid: string): Promise<User | undefined>
  find(query: UserQuery): Promise<{ readonly users: readonly User[]; readonly total: number }>
  /** The user after the change, undefined if there is none. Ends nothing by itself. */
  change(uid: string, change: UserChange): Promise<User | undefined>
  labels(uid: string): Promise<readonly Label[]>
  putLabel(uid: string, label: Pick<Label, 'key' | 'value' | 'scope'>): Promise<void>
  count(): Promise<number>
}

export type TokenPurpose = 'confirmation' | 'reset'

/** Mailed tokens: random, stored as SHA-256, good once, only the latest of a purpose. */
export interface OneTimeTokens {
  /** Voids earlier tokens of the same purpose and user. */
  issue(token: {
    readonly purpose: TokenPurpose
    readonly uid: string
    readonly hash: string
    readonly notAfterMs: number
  }): Promise<void>
  /** `redeemed` for exactly one caller; the uid only then. */
  redeem(
    purpose: TokenPurpose,
    hash: string,
  ): Promise<
    | { readonly outcome: 'redeemed'; readonly uid: string }
    | { readonly outcome: 'utilized' | 'expired' | 'unknown' }
  >
}
