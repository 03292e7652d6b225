/**
 * Source files without a test of their own, each with the test that runs them: they are wiring, or
 * one half of a promise that is tested once for both halves.
 */
export const TESTED_THROUGH: Readonly<Record<string, string>> = {
  'src/authorizer/crew.ts': 'test/process/workers.test.ts',
  'src/authorizer/start.ts': 'test/process/outage.test.ts',
  'src/authorizer/supervisor.ts': 'test/process/workers.test.ts',
  'src/authorizer/worker.ts': 'test/process/workers.test.ts',
  'src/command/authorizer.ts': 'test/process/workers.test.ts',
  'src/command/dev-parts.ts': 'test/command/dev.test.ts',
  'src/command/config.ts': 'test/main.test.ts',
  'src/command/identity.ts': 'test/process/outage.test.ts',
  'src/command/migrate.ts': 'test/command/administrator.test.ts',
  'src/command/release.ts': 'test/main.test.ts',
  'src/command/signals.ts': 'test/process/workers.test.ts',
  'src/command/tour.ts': 'test/command/dev.test.ts',
  'src/core/api-key.ts': 'test/store/record.test.ts',
  'src/core/invalidation.ts': 'test/cache/apply.test.ts',
  'src/core/policy.ts': 'test/core/decide.test.ts',
  'src/identity/start.ts': 'test/process/outage.test.ts',
  'src/store/accounts.ts': 'test/store/board.test.ts',
  'src/store/api-keys.ts': 'test/store/board.test.ts',
  'src/store/database.ts': 'test/store/migrate.test.ts',
  'src/store/directory.ts': 'test/store/embedded.test.ts',
  'src/store/pglite-worker.ts': 'test/store/pglite.test.ts',
  'src/store/activities.ts': 'test/store/sql-activities.test.ts',
  'src/store/redis-activities.ts': 'test/store/sql-activities.test.ts',
  'src/store/twin-activities.ts': 'test/store/sql-activities.test.ts',
  'src/store/redis-link.ts': 'test/store/redis.test.ts',
  'src/store/scripts.ts': 'test/store/redis.test.ts',
}
