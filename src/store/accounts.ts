import type { Principal } from '../core/principal.ts'

/** A program that acts for its owner, or for nobody in particular. It cannot sign in. */
export interface ServiceAccount extends Principal {
  readonly kind: 'service'
  readonly ownerUid: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface NewServiceAccount {
  readonly uid: string
  readonly email: string
  readonly role: string
  /** Null: those of the owner, or 0 and `pending` without one. */
  readonly level: number | null
  readonly state: string | null
  readonly ownerUid: string | null
}

export interface ServiceAccountChange {
  readonly email?: string
  readonly role?: string
  readonly level?: number
  readonly state?: string
}

export interface ServiceAccountQuery {
  readonly uid?: string
  readonly ownerUid?: string
  readonly email?: string
  readonly role?: string
  readonly state?: string
  readonly ordering: 'asc' | 'desc'
  /** 1-based. */
  readonly page: number
  /** 1–100. */
  readonly limit: number
}

/** Service accounts of one owner; a change of the owner touches all of them in one step. */
export const SERVICES_PER_OWNER_MAX = 100

/** Service accounts in Postgres. A change is in force at every authorizer on return. */
export interface ServiceAccounts {
  /** `unknown`: there is no such owner. `store_conflict` naming `uid` or `email` if taken. */
  create(
    account: NewServiceAccount,
  ): Promise<
    | { readonly outcome: 'done'; readonly account: ServiceAccount }
    | { readonly outcome: 'unknown' | 'full' }
  >
  find(uid: string): Promise<ServiceAccount | undefined>
  list(
    query: ServiceAccountQuery,
  ): Promise<{ readonly accounts: readonly ServiceAccount[]; readonly total: number }>
  /** The account after the change. Leaving `active` makes its keys inactive in the same step. */
  change(uid: string, change: ServiceAccountChange): Promise<ServiceAccount | undefined>
}
