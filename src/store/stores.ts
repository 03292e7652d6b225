import type { ServiceAccounts } from './accounts.ts'
import type { Acknowledger } from './acknowledge.ts'
import type { Activities, ActivityLog } from './activities.ts'
import type { ApiKeys, KeyFactsSource } from './api-keys.ts'
import type { Closings } from './closings.ts'
import type { Invalidations, Keeper } from './invalidations.ts'
import type { Nonces } from './nonces.ts'
import type { Policies } from './policies.ts'
import type { Principals } from './principals.ts'
import type { Rates } from './rates.ts'
import type { Receipts } from './receipts.ts'
import type { Restrictions } from './restrictions.ts'
import type { SecondFactors } from './second-factors.ts'
import type { SecondLeases } from './second-leases.ts'
import type { SessionFacts, Sessions } from './sessions.ts'
import type { Keyrings } from './sql-keyrings.ts'
import type { OneTimeTokens, Users } from './users.ts'

/** The rows that an authorizer compiles into its policy. */
export type PolicyRows = Pick<Policies, 'loadPermissions'> & Pick<Restrictions, 'loadRestrictions'>

/** What an authorizer needs of the world. */
export interface AuthorizerStores {
  readonly facts: SessionFacts
  readonly keys: KeyFactsSource
  readonly invalidations: Invalidations
  readonly policies: PolicyRows
  readonly principals: Principals
  readonly activities: ActivityLog
  readonly nonces: Nonces
  readonly rates: Rates
  readonly secondLeases: SecondLeases
  close(): Promise<void>
}

/** What the identity API needs of the world. */
export interface IdentityStores {
  readonly sessions: Sessions
  readonly users: Users
  readonly policies: Policies
  readonly restrictions: Restrictions
  readonly tokens: OneTimeTokens
  readonly apiKeys: ApiKeys
  readonly serviceAccounts: ServiceAccounts
  readonly secondFactors: SecondFactors
  readonly activities: Activities
  readonly keyrings: Keyrings
  readonly keeper: Keeper
  /** The ends of sessions, and a hint that there may be a new one. */
  readonly closings: Closings & Pick<Invalidations, 'subscribe'>
  readonly acknowledger: Pick<Acknowledger, 'start' | 'lookAround'>
  /** What one call changed, shown to be in force. */
  readonly receipts: Pick<Receipts, 'collect'>
  /** Resolves if Postgres and Redis both answer; a Fault naming the one that does not. */
  ping(): Promise<void>
  close(): Promise<void>
}
