/**
 * What a message may say is no longer true: a session, all of a user's facts, an API key,
 * the permissions, the restrictions, the signing keys.
 */
export const SCOPES = ['session', 'user', 'key', 'policy', 'restrictions', 'keyring'] as const
export type Scope = (typeof SCOPES)[number]

/** In scope `session`, the id that names every session there is. */
export const EVERY_SESSION = '*'

/** One entry of the log. `seq` has no gaps within an epoch. */
export interface Invalidation {
  readonly seq: number
  readonly scope: Scope
  /** Session hash, uid or key id; empty where the scope has one member only. */
  readonly id: string
}
