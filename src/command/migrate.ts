import { migrate as applyMigrations } from '../store/migrate.ts'
import { openDatabase } from '../store/open.ts'
import { command } from './command.ts'
import { shipped } from './release.ts'

/** A migration may rewrite a table; a statement of the hot path may not take this long. */
const STATEMENT_TIMEOUT_MS = 600_000

export const migrate = command({
  process: 'migrate',
  about: 'Bring the database up to date. Safe to repeat, and to run twice at once.',
  usage: 'dvara migrate [settings]',
  own: {},
  async run({ config }) {
    const database = openDatabase({
      databaseUrl: config.databaseUrl.reveal(),
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    })
    try {
      const applied = await applyMigrations(database, shipped.migrationsDir)
      for (const name of applied) process.stdout.write(`applied ${name}\n`)
      if (applied.length === 0) process.stdout.write('nothing to apply: up to date\n')
      return 0
    } finally {
      await database.close()
    }
  },
})
