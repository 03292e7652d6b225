import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { Database, Queryable, SqlValue } from './database.ts'
import { type Link, type Question, startLink } from './pglite-link.ts'
import { scanIn } from './scan.ts'
import { sqlFault } from './sql-fault.ts'

/** The folder cannot be opened as a database; says what to do. Nothing in it was deleted. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
}

/** Told while a database is opened; a step of an opening that fails may be left out. */
export interface OpeningSteps {
  /** Its WebAssembly is compiled, by the flags of V8 that were set until now. */
  readonly onCompiled?: () => void
  /** The directory is ours, and what the caller does from here on takes no time of the opening. */
  readonly onBegun?: () => void
}

/** Postgres in a thread of this process: begun, and not told yet what to open. */
export interface PGliteEngine {
  /** In `folder`, which the caller has locked, or in memory. Called once; ends it on failure. */
  open(folder: string | undefined): Promise<Database>
  /** For an engine that is not wanted after all. */
  end(): Promise<void>
}

/** Begun early, its loading takes no time of the caller's. */
export function startPGlite({ onCompiled, onBegun }: OpeningSteps = {}): PGliteEngine {
  const link = startLink(new URL('./pglite-worker.js', import.meta.url))
  // If it fails so does the opening, which says why.
  link.ask({ kind: 'compile' }).then(onCompiled, () => undefined)
  return {
    async open(folder) {
      const openAt = (folder: string | undefined) => {
        const opened = link.ask({ kind: 'open', folder })
        onBegun?.()
        return opened
      }
      try {
        if (folder === undefined) await openAt(folder)
        else await openFolder(openAt, folder)
        return createDatabase(link)
      } catch (cause) {
        await link.end()
        throw cause
      }
    },
    end: link.end,
  }
}

export function openPGlite(folder: string | undefined): Promise<Database> {
  return startPGlite().open(folder)
}

type OpenAt = (folder: string) => Promise<unknown>

async function openFolder(openAt: OpenAt, folder: string): Promise<void> {
  const mark = `${folder}.new`
  const isNew = existsSync(mark) || (await isEmpty(folder))
  if (isNew) await clearFor(folder, mark)
  else if (!existsSync(`${folder}/PG_VERSION`)) throw damaged(folder, 'PG_VERSION is missing')
  try {
    await openAt(folder)
  } catch (cause) {
    // A folder that holds nobody's data yet is not damaged; what failed is the making of it.
    if (isNew) throw cause
    throw damaged(folder, whyOf(cause), cause)
  }
  if (isNew) await removeMark(mark)
}

/**
 * Beside a folder in the making lies a mark, so that a first start that was interrupted is begun
 * anew. To make it elsewhere and rename it would need the engine twice: 0.7 s of a first start.
 */
async function clearFor(folder: string, mark: string): Promise<void> {
  // A mark that is a folder, of an older version, is as good.
  if (!existsSync(mark)) await writeFile(mark, '', { mode: 0o600 })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** For good: a mark that came back after a power failure would have the database removed. */
async function removeMark(mark: string): Promise<void> {
  await rm(mark, { recursive: true })
  const parent = await open(dirname(mark))
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return true
  return (await readdir(folder)).length === 0
}

/** What the engine said, or what its thread ended of. */
function whyOf(cause: unknown): string {
  const said = cause instanceof Fault && cause.cause instanceof Error ? cause.cause : cause
  return said instanceof Error ? said.message : String(said)
}

function damaged(folder: string, why: string, cause?: unknown): DirectoryError {
  const line = why.split('\n', 1)[0]
  return new DirectoryError(
    `data directory ${folder} is damaged (${line}): restore it from a copy, ` +
      'or move it away to start anew; nothing was deleted',
    { cause },
  )
}

function createDatabase(link: Link): Database {
  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined
  return {
    ...createQueryable(link, undefined),
    transaction: (work) => runTransaction(link, work),
    scan: (text, parameters, each) =>
      runTransaction(link, (transaction) => scanIn(transaction, text, parameters, each)),
    async exclusive(_lock, work) {
      // One process, by the lock on the folder: waiting in line is enough.
      const mine = last.then(work)
      last = mine.catch(() => undefined)
      return mine
    },
    close() {
      closing ??= closeLink(link)
      return closing
    },
  }
}

async function closeLink(link: Link): Promise<void> {
  try {
    await askOrFault(link, { kind: 'close' })
  } finally {
    await link.end()
  }
}

async function runTransaction<T>(
  link: Link,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  const transaction = (await askOrFault(link, { kind: 'begin' })) as number
  let isFailed = false
  let result: T
  try {
    result = await work(
      createQueryable(link, transaction, () => {
        isFailed = true
      }),
    )
    // The engine would roll back where it is told to commit, and say nothing of it.
    if (isFailed) throw new Fault('store_rejected', { about: 'PGlite rolled a transaction back' })
  } catch (cause) {
    // Why the work failed says more than why its rollback did.
    await link.ask({ kind: 'rollback', transaction }).catch(() => undefined)
    throw faultFrom(cause)
  }
  await askOrFault(link, { kind: 'commit', transaction })
  return result
}

function createQueryable(
  link: Link,
  transaction: number | undefined,
  onFailure: () => void = () => undefined,
): Queryable {
  function ask(question: Question): Promise<unknown> {
    const answer = askOrFault(link, question)
    answer.catch(onFailure)
    return answer
  }
  return {
    async query<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
      return (await ask({ kind: 'query', transaction, text, parameters })) as Row[]
    },
    async execute(text) {
      await ask({ kind: 'execute', transaction, text })
    },
  }
}

async function askOrFault(link: Link, question: Question): Promise<unknown> {
  try {
    return await link.ask(question)
  } catch (cause) {
    throw faultFrom(cause)
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
