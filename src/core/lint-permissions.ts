import { coverOf, type Finding, lintPrefix } from './lint.ts'
import { createPatternSet, type PatternSet } from './pattern-set.ts'
import type { RouteTable } from './route.ts'
import type { Action, Permission } from './rule.ts'

/** What ALL stands for, and what else a gateway may be asked. */
const ALL = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']
const KNOWN = new Set([...ALL, 'ALL', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'REPORT', 'QUERY'])

/** A row with its place, its path as a prefix, and the verbs that it speaks for. */
interface Placed {
  readonly where: string
  /** In the list of all rows. */
  readonly index: number
  readonly row: Permission
  readonly prefix: string
  readonly verbs: readonly string[]
}

/** Rows of one role by action and verb. */
interface Index {
  add(placed: Placed): void
  /** For each verb of a row another one that says `action` for all of it; undefined for none. */
  covers(placed: Placed, action: Action): readonly (Placed | undefined)[]
  /** Whether an ACCEPT row is about something that this one is also about. */
  meetsAccept(placed: Placed): boolean
}

function createIndex(): Index {
  const sets = new Map<string, PatternSet<Placed>>()
  /** Of ACCEPT rows, folded: what refuses or watches meets them whatever their case. */
  const accepted = new Map<string, PatternSet<Placed>>()
  const setOf = (of: Map<string, PatternSet<Placed>>, name: string) => {
    const set = of.get(name) ?? createPatternSet<Placed>()
    of.set(name, set)
    return set
  }

  return {
    add(placed) {
      const { row, prefix, verbs } = placed
      for (const verb of verbs) {
        setOf(sets, `${row.action} ${verb}`).add(prefix, placed)
        if (row.action === 'ACCEPT') setOf(accepted, verb).add(prefix.toLowerCase(), placed)
      }
    },
    covers(one, action) {
      // Rows that refuse are matched on the folded path; an ACCEPT of capitals is refused too.
      const prefix = action === 'ACCEPT' ? one.prefix : one.prefix.toLowerCase()
      // Of AUDIT rows the first names the topic: one that stands later hides nothing.
      const isMeant = (other: Placed) =>
        other !== one && (action !== 'AUDIT' || other.index < one.index)
      return one.verbs.map((verb) => sets.get(`${action} ${verb}`)?.cover(prefix, isMeant))
    },
    meetsAccept: ({ prefix, verbs }) =>
      verbs.some((verb) => accepted.get(verb)?.meets(prefix) === true),
  }
}

/** What is odd about permission rows, and about their relation to the routes. */
export function lintPermissions(
  rows: readonly Permission[],
  table: RouteTable | undefined,
): Finding[] {
  const findings: Finding[] = []
  const roles = new Map<string, Placed[]>()
  rows.forEach((row, index) => {
    const where = `permissions[${index}]`
    const own = lintRow(row, where)
    findings.push(...own)
    const list = roles.get(row.role) ?? []
    roles.set(row.role, list)
    if (own.some(({ severity }) => severity === 'error')) return
    const verb = row.verb.toUpperCase()
    const path = row.path.startsWith('/') ? row.path : `/${row.path}`
    const prefix = path.replace(/(?<=.)\/+$/, '')
    // Rows that refuse or watch hold for every spelling of the path.
    const folded = row.action === 'ACCEPT' ? prefix : prefix.toLowerCase()
    list.push({ where, index, row, prefix: folded, verbs: verb === 'ALL' ? ALL : verbsOf(verb) })
  })
  for (const [role, placed] of roles) findings.push(...lintRole(role, placed))
  if (table !== undefined) findings.push(...lintReach([...roles.values()].flat(), table))
  return findings
}

/** A row of GET speaks for HEAD. */
function verbsOf(verb: string): readonly string[] {
  return verb === 'GET' ? ['GET', 'HEAD'] : [verb]
}

function lintRow({ verb, path, action }: Permission, where: string): Finding[] {
  const findings = lintPrefix(path, `${where}.path`, true)
  if (!/^[A-Za-z][A-Za-z-]{0,19}$/.test(verb)) {
    findings.push({
      ...{ severity: 'error', where: `${where}.verb` },
      why: `no request has the method \`${verb}\``,
      remedy: 'write ALL, or one method such as GET',
    })
  } else if (!KNOWN.has(verb.toUpperCase())) {
    findings.push({
      ...{ severity: 'warning', where: `${where}.verb` },
      why: `\`${verb}\` is no method that clients usually send`,
      remedy: 'write ALL for every usual method, or check the spelling',
    })
  }
  if (action === 'ACCEPT' && path !== path.toLowerCase()) {
    findings.push({
      ...{ severity: 'warning', where: `${where}.path` },
      why: `\`${path}\` has capitals: what accepts is matched exactly as it is spelt`,
      remedy: `write ${path.toLowerCase()}, unless clients do send capitals`,
    })
  }
  return findings
}

function lintRole(role: string, placed: readonly Placed[]): Finding[] {
  const findings: Finding[] = []
  const index = createIndex()
  const seen = new Map<string, string>()
  for (const one of placed) {
    const name = `${one.row.action} ${one.row.verb.toUpperCase()} ${one.prefix}`
    const before = seen.get(name)
    if (before !== undefined) findings.push(twice(one, before))
    else {
      seen.set(name, one.where)
      index.add(one)
    }
  }
  const names = new Set(seen.values())
  for (const one of placed.filter(({ where }) => names.has(where))) {
    findings.push(...lintAgainst(one, index))
  }
  const [first] = placed
  if (first !== undefined && placed.every(({ row }) => row.action !== 'ACCEPT')) {
    findings.push({
      ...{ severity: 'warning', where: first.where },
      why: `the role \`${role}\` has no ACCEPT row: it may do nothing at all`,
      remedy: 'add an ACCEPT row, or remove the rows of this role',
    })
  }
  return findings
}

function twice({ where }: Placed, before: string): Finding {
  return {
    ...{ severity: 'warning', where },
    why: `the same row stands at ${before}`,
    remedy: 'remove one of them',
  }
}

function lintAgainst(one: Placed, index: Index): Finding[] {
  const { where, row } = one
  const says = `${row.action} ${row.verb} ${row.path}`
  const drops = row.action === 'ACCEPT' ? index.covers(one, 'DROP') : []
  if (drops.length > 0 && !drops.includes(undefined)) {
    return [
      {
        ...{ severity: 'warning', where },
        why: `\`${says}\` accepts nothing: ${placesOf(drops)} drops all of it, and any DROP wins`,
        remedy: 'remove it, or make the DROP narrower',
      },
    ]
  }
  // A verb that is dropped needs no broader row to be needless.
  const covers = index.covers(one, row.action).map((cover, at) => cover ?? drops[at])
  if (!covers.includes(undefined)) return [needless(one, says, covers)]
  if (row.action === 'ACCEPT' || index.meetsAccept(one)) return []
  const isAudit = row.action === 'AUDIT'
  return [
    {
      ...{ severity: isAudit ? 'warning' : 'note', where },
      why: isAudit
        ? `\`${says}\` allows nothing by itself, and no ACCEPT row meets it`
        : `\`${says}\` drops what no row accepts`,
      remedy: isAudit ? 'add an ACCEPT row beside it' : 'nothing, if it is there to make sure',
    },
  ]
}

function needless(
  { where, row }: Placed,
  says: string,
  covers: readonly (Placed | undefined)[],
): Finding {
  if (row.action === 'AUDIT') {
    return {
      ...{ severity: 'warning', where },
      why: `\`${says}\` is never asked for its topic: ${placesOf(covers)} stands before it`,
      remedy: 'put it before the broader row, or remove it',
    }
  }
  const isDropped = covers.some((cover) => cover?.row.action !== row.action)
  const how = isDropped ? 'leave nothing of it' : 'says the same of all of it'
  return {
    ...{ severity: 'warning', where },
    why: `\`${says}\` changes nothing: ${placesOf(covers)} ${how}`,
    remedy: 'remove it, or the broader row if that is too broad',
  }
}

function placesOf(covers: readonly (Placed | undefined)[]): string {
  return [...new Set(covers.map((cover) => cover?.where))].join(' and ')
}

/** Rows for paths where routes decide before any row is asked. */
function lintReach(placed: readonly Placed[], table: RouteTable): Finding[] {
  const shut = new Set(table.blocked)
  const open = new Set(table.public)
  return placed.flatMap(({ where, row, prefix }) => {
    const blocked = coverOf(prefix.toLowerCase(), shut)
    const free = coverOf(prefix, open)
    const cover = blocked ?? free
    if (cover === undefined) return []
    const list = blocked === undefined ? 'public' : 'blocked'
    return [
      {
        ...{ severity: 'warning' as const, where: `${where}.path` },
        why: `\`${row.path}\` is never asked for: \`${cover}\` is ${list}`,
        remedy: `remove the row, or take the prefix out of \`${list}\``,
      },
    ]
  })
}
