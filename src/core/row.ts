/** Which table a row is in. */
export type RowKind =
  | 'permission'
  | 'blocked'
  | 'public'
  | 'preflight'
  | 'audience'
  | 'restriction'
  | 'scope'
  | 'network'

/** One row of the policy that matched, in words. */
export interface Row {
  readonly kind: RowKind
  /** Of a permission or restriction its number in the store; else what it says. */
  readonly id: string
  /** `member ALL /app ACCEPT` */
  readonly says: string
}
