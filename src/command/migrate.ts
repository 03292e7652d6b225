import { migrate as applyMigrations } from '../store/migrate.ts'
import { openDatabase } from '../store/open.ts'
import { plantSeed } from '../store/seeds.ts'
import { command } from './command.ts'
import { shipped } from './release.ts'

/** A migration may rewrite a table; a statement of the hot path may not take this long. */
const STATEMENT_TIMEOUT_MS = 600_000

export const migrate = command({
  process: 'migrate',
  about: 'Bring the database up to date. Safe to repeat, and to run twice at once.',
  usage: 'dvara migrate [--seed barong|dvara] [settings]',
  own: { options: ['seed'] },
  async run({ config, options }) {
    const database = openDatabase({
      databaseUrl: config.databaseUrl.reveal(),
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    })
    try {
      const applied = await applyMigrations(database, shipped.migrationsDir)
      for (const name of applied) process.stdout.write(`applied ${name}\n`)
      if (applied.length === 0) process.stdout.write('nothing to apply: up to date\n')
      const seed = options.get('seed')
      if (seed !== undefined) {
        const { outcome, rowsCount } = await plantSeed(database, shipped.seedsDir, seed)
        const done = outcome === 'loaded' ? 'are loaded' : 'are there already'
        process.stdout.write(`${rowsCount} permission rows of ${seed} ${done}\n`)
      }
      return 0
    } finally {
      await database.close()
    }
  },
})
