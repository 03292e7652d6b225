import { createMemo } from './memo.ts'
import { foldPath, type PatternProblem, parsePattern } from './path.ts'
import {
  compilePrefixes,
  listValues,
  matchFlags,
  type PrefixEntry,
  type PrefixTree,
} from './prefix-tree.ts'

/** What a matching row says. Any DROP wins; AUDIT alone denies. */
export const ACTIONS = ['ACCEPT', 'DROP', 'AUDIT'] as const
export type Action = (typeof ACTIONS)[number]

/** The verbs that `ALL` stands for; any other method needs a row of its own. */
export const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const

/** A method that a row may name: what a gateway's check may hold, as RFC 9110 §9.1 spells it. */
export const VERB = /^[A-Z][A-Z-]{0,19}$/

/** One row of the permissions table, as stored. */
export interface Permission {
  readonly id: number
  readonly role: string
  /** Upper-case method (VERB), or `ALL` for those in VERBS. */
  readonly verb: string
  /**
   * Prefix on segment boundaries, with or without its leading slash; a segment `*` is any one
   * segment.
   */
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
  /** Whether one of the rows watches; where none does, an allow leaves nothing behind. */
  readonly isWatched: boolean
  /** Every row; the trees' values are places in it. */
  readonly rows: readonly Permission[]
  /** `matchTrees`, of the last paths that were asked for; made when the first one is. */
  recall: ((path: string) => Matched | undefined) | undefined
}

/** What was found of one path. */
interface Matched {
  /** By which, beside the path. */
  readonly foldedPath: string
  readonly match: RuleMatch
}

interface Entries {
  readonly accepting: PrefixEntry[]
  readonly refusing: PrefixEntry[]
}

const PROBLEMS: Record<PatternProblem, (row: Permission) => string> = {
  path: ({ id, path }) => `permission ${id}: no path can match \`${path}\``,
  wildcard: ({ id, path }) =>
    `permission ${id}: in \`${path}\` a \`*\` is not a whole segment, or there are too many; ` +
    'the row matches nothing',
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
  const entries = new Map<string, Map<string, Entries>>()
  for (const [value, row] of rows.entries()) {
    const parsed = parsePattern(row.path)
    if ('problem' in parsed) {
      problems.push(PROBLEMS[parsed.problem](row))
      continue
    }
    for (const method of methodsOf(row.verb)) {
      const lists = entriesFor(entries, row.role, method)
      const prefix = parsed.pattern
      if (row.action === 'ACCEPT') lists.accepting.push({ prefix, flags: ACCEPT, value })
      else {
        const flags = row.action === 'DROP' ? DROP : AUDIT
        lists.refusing.push({ prefix: prefix.toLowerCase(), flags, value })
      }
    }
  }
  return { rules: compileEntries(entries, rows), problems }
}

function entriesFor(
  entries: Map<string, Map<string, Entries>>,
  role: string,
  method: string,
): Entries {
  const byMethod = entries.get(role) ?? new Map<string, Entries>()
  entries.set(role, byMethod)
  const lists = byMethod.get(method) ?? { accepting: [], refusing: [] }
  byMethod.set(method, lists)
  return lists
}

function compileEntries(
  entries: Map<string, Map<string, Entries>>,
  rows: readonly Permission[],
): Rules {
  const rules = new Map<string, Map<string, MethodRules>>()
  for (const [role, byMethod] of entries) {
    const compiled = new Map<string, MethodRules>()
    for (const [method, lists] of byMethod) {
      compiled.set(method, {
        accepting: compilePrefixes(lists.accepting),
        refusing: compilePrefixes(lists.refusing),
        isWatched: lists.refusing.some(({ flags }) => flags === AUDIT),
        rows,
        recall: undefined,
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

/** What a request must say of itself for rules to be matched; a check is such. */
export interface RuleQuestion {
  readonly method: string
  readonly path: string
  readonly foldedPath: string
}

/** Paths that one role asks for by one method over and over; others are looked up each time. */
const PATHS_KNOWN = 256

/**
 * No row, no accept. Any DROP wins, in whatever order the rows stand. Allocates nothing for a path
 * that is asked for again.
 */
export function matchRules(rules: Rules, role: string, at: RuleQuestion): RuleMatch {
  const trees = rules.get(role)?.get(at.method)
  if (trees === undefined) return MATCHES[0] as RuleMatch
  trees.recall ??= createRecall(trees)
  const known = trees.recall(at.path)
  if (known !== undefined && known.foldedPath === at.foldedPath) return known.match
  return matchTrees(trees, at)
}

/** Apart: a function that makes a closure somewhere makes room for what it holds each time. */
function createRecall(trees: MethodRules) {
  return createMemo(PATHS_KNOWN, (path): Matched => {
    const foldedPath = foldPath(path)
    return { foldedPath, match: matchTrees(trees, { path, foldedPath }) }
  })
}

function matchTrees(trees: MethodRules, at: Pick<RuleQuestion, 'path' | 'foldedPath'>): RuleMatch {
  const refused = matchFlags(trees.refusing, at.foldedPath)
  const isAudited = (refused & AUDIT) !== 0
  const isAccepted = (refused & DROP) === 0 && matchFlags(trees.accepting, at.path) !== 0
  return MATCHES[(isAccepted ? 1 : 0) + (isAudited ? 2 : 0)] as RuleMatch
}

/**
 * The topic of the first AUDIT row that watches this request, null if it names none; undefined if
 * no row watches it. Two lookups where nothing of the role and method is watched.
 */
export function auditTopic(
  rules: Rules,
  role: string,
  at: RuleQuestion,
): string | null | undefined {
  const trees = rules.get(role)?.get(at.method)
  if (trees === undefined || !trees.isWatched) return undefined
  if ((matchFlags(trees.refusing, at.foldedPath) & AUDIT) === 0) return undefined
  return listMatchingRows(rules, role, at).find(({ action }) => action === 'AUDIT')?.topic
}

/** The rows that speak of one request, in the table's order: what `matchRules` decided by. */
export function listMatchingRows(
  rules: Rules,
  role: string,
  at: RuleQuestion,
): readonly Permission[] {
  const trees = rules.get(role)?.get(at.method)
  if (trees === undefined) return []
  const places = [
    ...listValues(trees.accepting, at.path),
    ...listValues(trees.refusing, at.foldedPath),
  ]
  return places.sort((one, other) => one - other).map((place) => trees.rows[place] as Permission)
}
