import type { Restriction } from '../core/restriction.ts'
import { openIdentityStores } from '../store/open.ts'
import type { RestrictionListing, Restrictions } from '../store/restrictions.ts'
import { command } from './command.ts'

const PAGE_ROWS = 100
const ROWS_NAMED_MAX = 100
const ID = /^[1-9]\d{0,8}$/

export const restrictions = command({
  process: 'restrictions',
  about: 'List restrictions, or switch them off where they keep every administrator out.',
  usage: `dvara restrictions [list] [--json] [settings]
       dvara restrictions disable ID…|all [settings]
       dvara restrictions enable ID… [settings]

  list       every row with its id, in force or not
  disable    these rows keep nobody out any more, on any authorizer, as soon as it returns
  enable     the other way round; a blocklogin row that comes into force ends every session
  --json     print one JSON document

It goes to Postgres and Redis itself, past every authorizer: no restriction stands before it.
Exit code 0: done; 1: a row is not there; 2: the command cannot be understood.`,
  own: { flags: ['json'], wordsMax: ROWS_NAMED_MAX + 1 },
  async run({ config, flags, words }) {
    const [word = 'list', ...names] = words
    if (!isUnderstood(word, names)) {
      process.stderr.write('dvara: say list, disable ID…|all or enable ID…; see --help\n')
      return 2
    }
    const stores = await openIdentityStores({
      redisUrl: config.redisUrl.reveal(),
      redisCaFile: config.redisCaFile,
      databaseUrl: config.databaseUrl.reveal(),
      onFault: () => {},
    })
    try {
      if (word === 'list') return print(await listAll(stores.restrictions), flags.has('json'))
      const state = word === 'enable' ? 'enabled' : 'disabled'
      return await switchRows(stores.restrictions, names, state, flags.has('json'))
    } finally {
      await stores.close()
    }
  },
})

function isUnderstood(word: string, names: readonly string[]): boolean {
  if (word === 'list') return names.length === 0
  if (word === 'disable' && names.length === 1 && names[0] === 'all') return true
  const isSwitch = word === 'disable' || word === 'enable'
  return isSwitch && names.length > 0 && names.every((name) => ID.test(name))
}

async function listAll(rows: Pick<Restrictions, 'find'>): Promise<RestrictionListing[]> {
  const found: RestrictionListing[] = []
  for (let page = 1; ; page++) {
    const more = await rows.find({ page, limit: PAGE_ROWS, range: 'created' })
    found.push(...more.rows)
    if (more.rows.length < PAGE_ROWS) return found
  }
}

async function switchRows(
  rows: Pick<Restrictions, 'find' | 'change'>,
  names: readonly string[],
  state: Restriction['state'],
  isJson: boolean,
): Promise<number> {
  const isAll = names[0] === 'all'
  const enabled = isAll ? (await listAll(rows)).filter((row) => row.state === 'enabled') : []
  const ids = isAll ? enabled.map(({ id }) => id) : names.map(Number)
  const changed: RestrictionListing[] = []
  const missing: number[] = []
  for (const id of ids) {
    const row = await rows.change(id, { state })
    if (row === undefined) missing.push(id)
    else changed.push(row)
  }
  print(changed, isJson)
  for (const id of missing) process.stderr.write(`dvara: there is no restriction ${id}\n`)
  return missing.length === 0 ? 0 : 1
}

function print(rows: readonly Restriction[], isJson: boolean): number {
  const shown = rows.map(({ id, category, scope, value, code, state }) => {
    return { id, category, scope, value, code, state }
  })
  const lines = shown.map((row) => `${Object.values(row).join(' ')}\n`)
  process.stdout.write(isJson ? `${JSON.stringify(shown, null, 2)}\n` : lines.join(''))
  return 0
}
