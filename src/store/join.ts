import type { Clock } from '../core/clock.ts'
import {
  type AcknowledgeTimes,
  createAcknowledger,
  type Receipt,
  type RosterChange,
} from './acknowledge.ts'
import { encodeActivity } from './activity-record.ts'
import type { Board } from './board.ts'
import type { Database } from './database.ts'
import { createKeyFacts, createSessionFacts } from './facts.ts'
import { createKeeper } from './keeper.ts'
import { createOutbox } from './outbox.ts'
import { createReceipts } from './receipts.ts'
import { createSecondLeases } from './second-leases.ts'
import { createServiceAccounts } from './sql-accounts.ts'
import { createActivities } from './sql-activities.ts'
import { createApiKeys } from './sql-api-keys.ts'
import { createKeyrings } from './sql-keyrings.ts'
import { createPermissions, createPolicies } from './sql-policies.ts'
import { createPrincipals } from './sql-principals.ts'
import { createRestrictionRows, createRestrictions } from './sql-restrictions.ts'
import { createSecondFactors } from './sql-second-factors.ts'
import { createSessions } from './sql-sessions.ts'
import { createOneTimeTokens } from './sql-tokens.ts'
import { createUsers } from './sql-users.ts'
import type { AuthorizerStores, IdentityStores } from './stores.ts'

/** How the identity API waits for authorizers, and who hears of it. */
export interface IdentityOptions extends AcknowledgeTimes {
  readonly clock: Clock
  readonly onFault: (fault: unknown) => void
  readonly onReceipt?: (receipt: Receipt) => void
  /** A change was recorded and could not be shown to be in force in time. */
  readonly onNotInForce?: () => void
  readonly onRosterChange?: (change: RosterChange) => void
}

/** An authorizer's half over any board and database; it owns both. */
export function joinAuthorizer(board: Board, database: Database): AuthorizerStores {
  return {
    facts: createSessionFacts(board),
    keys: createKeyFacts(board),
    invalidations: board,
    nonces: board,
    rates: board.rates,
    policies: { ...createPermissions(database), ...createRestrictionRows(database) },
    principals: createPrincipals(database),
    secondLeases: createSecondLeases(database),
    activities: { append: (batch) => board.activities.append(batch.map(encodeActivity)) },
    async close() {
      await Promise.all([board.close(), database.close()])
    },
  }
}

/** The identity API’s half over any board and database; it owns both. */
export function joinIdentity(
  board: Board,
  database: Database,
  options: IdentityOptions,
): IdentityStores {
  const { clock, fenceMs, onRosterChange } = options
  const receipts = createReceipts(options.onReceipt, options.onNotInForce)
  const acknowledger = createAcknowledger({
    ...options,
    board,
    seconds: createSecondLeases(database),
    ...(onRosterChange === undefined ? {} : { onChange: onRosterChange }),
  })
  const outbox = createOutbox({ database, board, acknowledger, receipts })
  const deps = { database, board, outbox, nowMs: clock.nowMs }
  return {
    sessions: createSessions(deps),
    users: createUsers(database, outbox),
    policies: createPolicies(database, outbox),
    restrictions: createRestrictions(deps),
    tokens: createOneTimeTokens(database, clock.nowMs),
    apiKeys: createApiKeys(deps),
    serviceAccounts: createServiceAccounts(database, outbox),
    secondFactors: createSecondFactors(deps),
    activities: createActivities(database, board.activities),
    keyrings: createKeyrings(database, outbox),
    keeper: createKeeper({ database, board, outbox, clock, fenceMs }),
    closings: board,
    acknowledger,
    receipts,
    async ping() {
      await Promise.all([database.query('select 1'), board.ping()])
    },
    async close() {
      acknowledger.close()
      await Promise.all([board.close(), database.close()])
    },
  }
}
