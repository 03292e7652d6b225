import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, LOCKS, type Queryable } from './database.ts'

/** The folder and the database do not belong together; says what to do. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

interface Migration {
  readonly number: number
  /** `NNNN_name.sql`. */
  readonly name: string
  readonly text: string
  readonly sha256: string
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly sha256: string
}

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/

const CREATE_MIGRATIONS = `
  create table if not exists migrations (
    number     integer primary key,
    name       text not null,
    sha256     text not null,
    applied_at timestamptz not null default now()
  )`
const SELECT_APPLIED = 'select number, name, sha256 from migrations order by number'
const INSERT_APPLIED = 'insert into migrations (number, name, sha256) values ($1, $2, $3)'

/**
 * Brings the database up to the folder: all pending files in one transaction, one run at a
 * time. Returns the names applied now. Throws MigrationError if a file that was applied has
 * changed or is gone, or if a number is missing or used twice.
 */
export async function migrate(database: Database, folder: string): Promise<readonly string[]> {
  const migrations = await readMigrations(folder)
  return database.exclusive(LOCKS.migrate, () =>
    database.transaction(async (transaction) => {
      await transaction.execute(CREATE_MIGRATIONS)
      const applied = await transaction.query<Applied>(SELECT_APPLIED)
      const pending = pendingOf(migrations, applied)
      for (const one of pending) await applyOne(transaction, one)
      return pending.map((one) => one.name)
    }),
  )
}

/** Names of the files that are not applied yet, without applying them. Throws as `migrate`. */
export async function pendingMigrations(
  database: Queryable,
  folder: string,
): Promise<readonly string[]> {
  const migrations = await readMigrations(folder)
  const [found] = await database.query<{ exists: boolean }>(
    "select to_regclass('migrations') is not null as exists",
  )
  const applied = found?.exists ? await database.query<Applied>(SELECT_APPLIED) : []
  return pendingOf(migrations, applied).map((one) => one.name)
}

/** Whether nothing is pending. Throws as `migrate`. */
export async function isMigrated(database: Queryable, folder: string): Promise<boolean> {
  return (await pendingMigrations(database, folder)).length === 0
}

async function applyOne(transaction: Queryable, one: Migration): Promise<void> {
  try {
    await transaction.execute(one.text)
  } catch (cause) {
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : ''
    throw new MigrationError(`${one.name} failed, nothing was applied: ${why}`, { cause })
  }
  await transaction.query(INSERT_APPLIED, [one.number, one.name, one.sha256])
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const migrations: Migration[] = []
  for (const name of names) {
    const number = Number(FILE.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(number)) throw new MigrationError(`${name} is not named NNNN_name.sql`)
    const expected = migrations.length + 1
    if (number !== expected) {
      const wanted = String(expected).padStart(4, '0')
      throw new MigrationError(`${name} is out of order: number ${wanted} is next in ${folder}`)
    }
    const text = await readFile(join(folder, name), 'utf8')
    if (!text.startsWith('--')) {
      throw new MigrationError(`${name} does not open with a comment that says why`)
    }
    const sha256 = createHash('sha256').update(text).digest('hex')
    migrations.push({ number, name, text, sha256 })
  }
  return migrations
}

function pendingOf(
  migrations: readonly Migration[],
  applied: readonly Applied[],
): readonly Migration[] {
  for (const [index, done] of applied.entries()) {
    const file = migrations[index]
    if (file === undefined || file.name !== done.name) {
      throw new MigrationError(
        `${done.name} was applied to this database but is not in the folder: ` +
          'run the version of dvara that belongs to this database, or a newer one',
      )
    }
    if (file.sha256 !== done.sha256) {
      throw new MigrationError(
        `${file.name} was changed after it was applied: restore it, ` +
          'and put the change into a new file',
      )
    }
  }
  return migrations.slice(applied.length)
}
