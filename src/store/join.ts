import { encodeActivity } from './activity-record.ts'
import type { Board } from './board.ts'
import type { Database } from './database.ts'
import { createKeyFacts, createSessionFacts } from './facts.ts'
import { createKeeper } from './keeper.ts'
import { createOutbox } from './outbox.ts'
import { createServiceAccounts } from './sql-accounts.ts'
import { createActivities } from './sql-activities.ts'
import { createApiKeys } from './sql-api-keys.ts'
import { createPermissions, createPolicies } from './sql-policies.ts'
import { createPrincipals } from './sql-principals.ts'
import { createRestrictionRows, createRestrictions } from './sql-restrictions.ts'
import { createSecondFactors } from './sql-second-factors.ts'
import { createSessions } from './sql-sessions.ts'
import { createOneTimeTokens } from './sql-tokens.ts'
import { createUsers } from './sql-users.ts'
import type { AuthorizerStores, IdentityStores } from './stores.ts'

/** An authorizer's half over any board and database; it owns both. */
export function joinAuthorizer(board: Board, database: Database): AuthorizerStores {
  return {
    facts: createSessionFacts(board),
    keys: createKeyFacts(board),
    invalidations: board,
    nonces: board,
    policies: { ...createPermissions(database), ...createRestrictionRows(database) },
    principals: createPrincipals(database),
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
  nowMs: () => number,
): IdentityStores {
  const outbox = createOutbox(database, board)
  const deps = { database, board, outbox, nowMs }
  return {
    sessions: createSessions(deps),
    users: createUsers(database, outbox),
    policies: createPolicies(database, outbox),
    restrictions: createRestrictions(deps),
    tokens: createOneTimeTokens(database, nowMs),
    apiKeys: createApiKeys(deps),
    serviceAccounts: createServiceAccounts(database, outbox),
    secondFactors: createSecondFactors(deps),
    activities: createActivities(database, board.activities),
    keeper: createKeeper(deps),
    async ping() {
      await Promise.all([database.query('select 1'), board.ping()])
    },
    async close() {
      await Promise.all([board.close(), database.close()])
    },
  }
}
