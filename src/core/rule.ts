/** What a matching row says. Any DROP wins; AUDIT alone denies. */
export const ACTIONS = ['ACCEPT', 'DROP', 'AUDIT'] as const
export type Action = (typeof ACTIONS)[number]

/** One row of the permissions table, as stored. */
export interface Permission {
  readonly id: number
  readonly role: string
  /** Upper-case method, or `ALL` for GET, POST, PUT, PATCH, DELETE and HEAD. */
  readonly verb: string
  /** Prefix on segment boundaries, with or without its leading slash. */
  readonly path: string
  readonly action: Action
  /** Topic of the activity that an AUDIT row records, or null. */
  readonly topic: string | null
}
