/**
 * Source files without a test of their own, each with the test that runs them: they are wiring, or
 * one half of a promise that is tested once for both halves.
 */
export const TESTED_THROUGH: Readonly<Record<string, string>> = {
  'src/core/invalidation.ts': 'test/cache/apply.test.ts',
  'src/core/policy.ts': 'test/core/decide.test.ts',
  'src/store/database.ts': 'test/store/migrate.test.ts',
  'src/store/scripts.ts': 'test/store/redis.test.ts',
}
