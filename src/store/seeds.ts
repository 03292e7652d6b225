import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parsePattern } from '../core/path.ts'
import { ACTIONS, type Permission, VERB } from '../core/rule.ts'
import { type Database, LOCKS, type Queryable } from './database.ts'
import { recordChange } from './outbox.ts'

/** The seed cannot be loaded; says why and what to do. Nothing was changed. */
export class SeedError extends Error {
  override readonly name = 'SeedError'
}

type Row = Omit<Permission, 'id'>

const SELECT = 'select role, verb, path, action, topic from permissions'
const CLEAR = 'delete from permissions'
const INSERT = `
  insert into permissions (role, verb, path, action, topic)
  select r.role, r.verb, r.path, r.action, r.topic
  from json_to_recordset($1::text::json)
    as r (role text, verb text, path text, action text, topic text)`
const RAISE_VERSION = 'update policy_version set version = version + 1'

/**
 * Puts the rows of a seed in place of those of another seed, in one transaction with the note
 * that publishes them; identity processes bring them into force. `loaded`, or `present` where
 * they are there already. Rows that somebody has edited are never overwritten: SeedError.
 */
export async function plantSeed(
  database: Database,
  folder: string,
  name: string,
): Promise<{ readonly outcome: 'loaded' | 'present'; readonly rowsCount: number }> {
  const seeds = await readSeeds(folder)
  const wanted = seeds.get(name)
  if (wanted === undefined) {
    throw new SeedError(`there is no seed ${name}: choose one of ${[...seeds.keys()].join(', ')}`)
  }
  const rowsCount = wanted.length
  return database.exclusive(LOCKS.migrate, () =>
    database.transaction(async (transaction) => {
      const present = nameOf(seeds, await transaction.query<Row>(SELECT))
      if (present === name) return { outcome: 'present', rowsCount }
      if (present === undefined) {
        throw new SeedError(
          'the permissions were edited, and a seed would overwrite them: ' +
            'remove all rows first if that is what you want; nothing was changed',
        )
      }
      await replaceRows(transaction, wanted)
      return { outcome: 'loaded', rowsCount }
    }),
  )
}

async function replaceRows(transaction: Queryable, rows: readonly Row[]): Promise<void> {
  await transaction.query(CLEAR)
  await transaction.query(INSERT, [JSON.stringify(rows)])
  await transaction.query(RAISE_VERSION)
  await recordChange(transaction, { scope: 'policy', subject: '' })
}

/** Which seed the rows are, whatever their order; an empty table may be filled with any. */
function nameOf(
  seeds: ReadonlyMap<string, readonly Row[]>,
  rows: readonly Row[],
): string | undefined {
  if (rows.length === 0) return ''
  const spelt = spell(rows)
  for (const [name, seed] of seeds) if (spell(seed) === spelt) return name
  return undefined
}

function spell(rows: readonly Row[]): string {
  const lines = rows.map((row) => [row.role, row.verb, row.path, row.action, row.topic].join('\t'))
  return lines.sort().join('\n')
}

async function readSeeds(folder: string): Promise<ReadonlyMap<string, readonly Row[]>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yml')).sort()
  const seeds = new Map<string, readonly Row[]>()
  for (const file of files) {
    const document: unknown = parse(await readFile(join(folder, file), 'utf8'))
    seeds.set(file.slice(0, -'.yml'.length), readSeed(document, file))
  }
  return seeds
}

/** `role: { accept: ["GET,POST path"], drop: […], audit: […], topic }` as rows. */
export function readSeed(document: unknown, file: string): readonly Row[] {
  const roles = Object.entries(document ?? {}) as [string, Record<string, unknown>][]
  return roles.flatMap(([role, said]) => {
    const { topic, ...lists } = said
    return Object.entries(lists).flatMap(([word, lines]) => {
      const action = ACTIONS.find((one) => one.toLowerCase() === word)
      if (action === undefined || !Array.isArray(lines)) {
        throw new SeedError(`${file}: ${role}.${word} is not a list of accept, drop or audit`)
      }
      const about = action === 'AUDIT' && typeof topic === 'string' ? topic : null
      return lines
        .flatMap((line: unknown) => readLine(String(line), `${file}: ${role}.${word}`))
        .map(({ verb, path }) => ({ role, verb, path, action, topic: about }))
    })
  })
}

function readLine(line: string, where: string): { verb: string; path: string }[] {
  const [verbs = '', path = '', ...rest] = line.split(' ')
  const isRead =
    path !== '' && rest.length === 0 && verbs.split(',').every((verb) => VERB.test(verb))
  if (!isRead || 'problem' in parsePattern(path)) {
    throw new SeedError(`${where}: \`${line}\` is not \`VERBS path\``)
  }
  return verbs.split(',').map((verb) => ({ verb, path }))
}
