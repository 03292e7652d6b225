import { parsePrefix } from './path.ts'
import { compilePrefixes, matchFlags, type PrefixEntry, type PrefixTree } from './prefix-tree.ts'

/** What a matching row says. Any DROP wins; AUDIT alone denies. */
export const ACTIONS = ['ACCEPT', 'DROP', 'AUDIT'] as const
export type Action = (typeof ACTIONS)[number]

/** The verbs that `ALL` stands for; any other method needs a row of its own. */
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const

/** One row of the permissions table, as stored. */
export interface Permission {
  readonly id: number
  readonly role: string
  /** Upper-case method, or `ALL` for those in VERBS. */
  readonly verb: string
  /** Prefix on segment boundaries, with or without its leading slash. */
  readonly path: string
  readonly action: Action
  /** Topic of the activity that an AUDIT row records, or null. */
  readonly topic: string | null
}

/** Rows compiled: role, then method, then two trees. */
export type Rules = ReadonlyMap<string, ReadonlyMap<string, MethodRules>>

interface MethodRules {
  /** Matched on the path as sent: what accepts is exact. */
  readonly accepting: PrefixTree
  /** Matched on the folded path: what refuses or watches cannot be dodged by capitals. */
  readonly refusing: PrefixTree
}

const ACCEPT = 1
const DROP = 2
const AUDIT = 4

/** Rows whose path no request can ever have are listed in `problems` and match nothing. */
export function compileRules(rows: readonly Permission[]): {
  readonly rules: Rules
  readonly problems: readonly string[]
} {
  const problems: string[] = []
  const entries = new Map<
    string,
    Map<string, { accepting: PrefixEntry[]; refusing: PrefixEntry[] }>
  >()
  for (const row of rows) {
    const prefix = parsePrefix(row.path)
    if (prefix === undefined) {
      problems.push(`permission ${row.id}: no path can match \`${row.path}\``)
      continue
    }
    for (const method of methodsOf(row.verb)) {
      const byMethod = entries.get(row.role) ?? new Map()
      entries.set(row.role, byMethod)
      const lists = byMethod.get(method) ?? { accepting: [], refusing: [] }
      byMethod.set(method, lists)
      if (row.action === 'ACCEPT') lists.accepting.push({ prefix, flags: ACCEPT })
      else {
        const flags = row.action === 'DROP' ? DROP : AUDIT
        lists.refusing.push({ prefix: prefix.toLowerCase(), flags })
      }
    }
  }
  return { rules: compileEntries(entries), problems }
}

function compileEntries(
  entries: Map<string, Map<string, { accepting: PrefixEntry[]; refusing: PrefixEntry[] }>>,
): Rules {
  const rules = new Map<string, Map<string, MethodRules>>()
  for (const [role, byMethod] of entries) {
    const compiled = new Map<string, MethodRules>()
    for (const [method, lists] of byMethod) {
      compiled.set(method, {
        accepting: compilePrefixes(lists.accepting),
        refusing: compilePrefixes(lists.refusing),
      })
    }
    rules.set(role, compiled)
  }
  return rules
}

/** HEAD follows GET (RFC 9110 §9.3.2): a GET row speaks for both. */
function methodsOf(verb: string): readonly string[] {
  const upper = verb.toUpperCase()
  if (upper === 'ALL') return VERBS
  return upper === 'GET' ? ['GET', 'HEAD'] : [upper]
}

/** What the rows say of one request. */
export interface RuleMatch {
  readonly isAccepted: boolean
  /** Whether an AUDIT row wants an activity written. */
  readonly isAudited: boolean
}

const MATCHES: readonly RuleMatch[] = [
  { isAccepted: false, isAudited: false },
  { isAccepted: true, isAudited: false },
  { isAccepted: false, isAudited: true },
  { isAccepted: true, isAudited: true },
]

/** No row, no accept. Any DROP wins, in whatever order the rows stand. Allocates nothing. */
export function matchRules(
  rules: Rules,
  at: {
    readonly role: string
    readonly method: string
    readonly path: string
    readonly foldedPath: string
  },
): RuleMatch {
  const trees = rules.get(at.role)?.get(at.method)
  if (trees === undefined) return MATCHES[0] as RuleMatch
  const refused = matchFlags(trees.refusing, at.foldedPath)
  const isAudited = (refused & AUDIT) !== 0
  const isAccepted = (refused & DROP) === 0 && matchFlags(trees.accepting, at.path) !== 0
  return MATCHES[(isAccepted ? 1 : 0) + (isAudited ? 2 : 0)] as RuleMatch
}
