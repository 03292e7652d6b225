import type { Permission } from '../core/rule.ts'

export interface PermissionQuery {
  readonly page: number
  readonly limit: number
  readonly role?: string
}

/** Permission rows in Postgres; each change is in the log when the call returns. */
export interface Policies {
  /** Every row, ordered by id, with the version that grows with each change. */
  loadPermissions(): Promise<{ readonly version: number; readonly rows: readonly Permission[] }>
  find(
    query: PermissionQuery,
  ): Promise<{ readonly rows: readonly Permission[]; readonly total: number }>
  hasRole(role: string): Promise<boolean>
  add(row: Omit<Permission, 'id'>): Promise<Permission>
  /** The row after the change, undefined if there is none. */
  change(id: number, change: Partial<Omit<Permission, 'id'>>): Promise<Permission | undefined>
  remove(id: number): Promise<boolean>
}
