import type {
  Category,
  Restriction,
  RestrictionScope,
  RestrictionState,
} from '../core/restriction.ts'

/** A row with what lists show of it. */
export interface RestrictionListing extends Restriction {
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface RestrictionQuery {
  readonly page: number
  readonly limit: number
  readonly category?: Category
  readonly scope?: RestrictionScope
  readonly state?: RestrictionState
  /** Which instant `fromMs` and `toMs` are about. */
  readonly range: 'created' | 'updated'
  readonly fromMs?: number
  readonly toMs?: number
}

export type NewRestriction = Omit<Restriction, 'id'>

/**
 * Restriction rows in Postgres; each change is in the log when the call returns. A row with the
 * category, scope and value of another is `store_conflict`. A blocklogin row that comes into force
 * ends every session, as part of the same change.
 */
export interface Restrictions {
  /** The enabled rows, ordered by id: all that an authorizer needs. */
  loadRestrictions(): Promise<readonly Restriction[]>
  find(query: RestrictionQuery): Promise<{
    readonly rows: readonly RestrictionListing[]
    readonly total: number
  }>
  findById(id: number): Promise<RestrictionListing | undefined>
  add(row: NewRestriction): Promise<RestrictionListing>
  /** The row after the change, undefined if there is none. */
  change(id: number, change: Partial<NewRestriction>): Promise<RestrictionListing | undefined>
  remove(id: number): Promise<RestrictionListing | undefined>
  /** A link that whitelists the address of whoever redeems it, as often as it is used. */
  issueLink(link: {
    readonly hash: string
    readonly issuedBy: string
    readonly notAfterMs: number
  }): Promise<void>
  /** Undefined if there is no such link, or it is over. `store_conflict` as for `add`. */
  redeemLink(hash: string, address: string): Promise<RestrictionListing | undefined>
}
