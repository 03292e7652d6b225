import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import type { PGlite, Transaction } from '@electric-sql/pglite'
import { Fault } from '../core/fault.ts'
import type { Database, Queryable, SqlValue } from './database.ts'
import { sqlFault } from './sql-fault.ts'

/** The folder cannot be opened as a database; says what to do. Nothing in it was deleted. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
}

/** Postgres inside this process, in `folder` or in memory. The caller has locked the folder. */
export async function openPGlite(folder: string | undefined): Promise<Database> {
  // Loaded here, not at the top: nothing but `dvara dev` should pay for it.
  const { PGlite } = await import('@electric-sql/pglite')
  if (folder === undefined) return createDatabase(await PGlite.create())

  if (!(await isEmpty(folder))) {
    if (!existsSync(`${folder}/PG_VERSION`)) throw damaged(folder, 'PG_VERSION is missing')
  } else {
    await createCluster(PGlite, folder)
  }
  try {
    const pglite = await PGlite.create(folder)
    await pglite.query('select count(*) from pg_class')
    return createDatabase(pglite)
  } catch (cause) {
    throw damaged(folder, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** Made aside and renamed, so that a first start that was interrupted leaves nothing behind. */
async function createCluster(
  engine: { create(folder: string): Promise<PGlite> },
  folder: string,
): Promise<void> {
  const aside = `${folder}.new`
  await rm(aside, { recursive: true, force: true })
  const made = await engine.create(aside)
  await made.close()
  await rm(folder, { recursive: true, force: true })
  await rename(aside, folder)
}

async function isEmpty(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return true
  return (await readdir(folder)).length === 0
}

function damaged(folder: string, why: string, cause?: unknown): DirectoryError {
  const line = why.split('\n', 1)[0]
  return new DirectoryError(
    `data directory ${folder} is damaged (${line}): restore it from a copy, ` +
      'or move it away to start anew; nothing was deleted',
    { cause },
  )
}

function createDatabase(pglite: PGlite): Database {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...createQueryable(pglite),
    async transaction(work) {
      try {
        return await pglite.transaction((transaction) => work(createQueryable(transaction)))
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
    async exclusive(_lock, work) {
      // One process, by the lock on the folder: waiting in line is enough.
      const mine = last.then(work)
      last = mine.catch(() => undefined)
      return mine
    },
    close: () => pglite.close(),
  }
}

function createQueryable(engine: PGlite | Transaction): Queryable {
  return {
    async query<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
      try {
        const { rows } = await engine.query<Row>(text, [...parameters])
        return rows
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
    async execute(text) {
      try {
        await engine.exec(text)
      } catch (cause) {
        throw faultFrom(cause)
      }
    },
  }
}

function faultFrom(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof Fault) return cause
  const { code, constraint } = cause as { code?: unknown; constraint?: string }
  if (typeof code === 'string') return sqlFault({ code, constraint, server: 'PGlite', cause })
  if (/closed/i.test(cause.message)) {
    return new Fault('store_unavailable', { about: 'PGlite', cause })
  }
  return cause
}
