import {
  type CompiledClass,
  compileClasses,
  type LimitClass,
  type LimitClasses,
  matchClass,
  readClasses,
} from './limit-class.ts'
import { createMemo } from './memo.ts'
import { foldPath, isUnder, parsePrefix } from './path.ts'
import { compilePrefixes, matchFlags, matchLongest, type PrefixTree } from './prefix-tree.ts'
import type { Row, RowKind } from './row.ts'

/** What the policy file says of paths before anybody's identity is asked for. */
export interface RouteTable {
  readonly version: 1
  /** Prefixes that pass without credentials. */
  readonly public: readonly string[]
  /** Prefixes that nobody reaches; they win over everything. */
  readonly blocked: readonly string[]
  /** Prefixes under which OPTIONS passes without credentials (CORS pre-flight). */
  readonly preflight: readonly string[]
  /** Whom a token is for, by longest prefix. */
  readonly audiences: readonly { readonly prefix: string; readonly audience: readonly string[] }[]
  readonly defaultAudience: readonly string[]
  /** Limits on parts of the site, by longest prefix. */
  readonly limits: readonly LimitClass[]
  /** Paths that no restriction holds for, exactly as sent. */
  readonly unrestricted: readonly string[]
  /** Paths that open sessions: where a blocklogin restriction holds. */
  readonly login: readonly string[]
}

/** Where a whitelink is redeemed: by whoever is kept out by everything else. */
const UNRESTRICTED = ['/api/v2/identity/users/access', '/api/v2/barong/identity/users/access']

/**
 * Every way to open a session, under both addresses. Barong guards the first alone, so that its
 * other doors stay open.
 */
const LOGIN = ['/api/v2/identity', '/api/v2/barong/identity'].flatMap((mount) =>
  ['sessions', 'sessions/auth0', 'sessions/signature', 'users', 'users/email/confirm_code'].map(
    (path) => `${mount}/${path}`,
  ),
)

export interface Routes {
  readonly table: RouteTable
  readonly flags: PrefixTree
  readonly unrestricted: ReadonlySet<string>
  readonly login: ReadonlySet<string>
  readonly audiences: PrefixTree
  /** By the value that `audiences` gives. */
  readonly audienceSets: readonly (readonly string[])[]
  readonly limits: LimitClasses
  /** `surveyPath`, of the last paths that were asked for. */
  readonly recall: (path: string) => Survey | undefined
}

/** What the routes say of one path, all at once. */
export interface Survey {
  /** What the rest was found by, beside the path. */
  readonly foldedPath: string
  /** As `matchRoutes`. */
  readonly flags: number
  /** As `matchAudience`. */
  readonly audience: readonly string[]
  /** As `matchClass`. */
  readonly limitClass: CompiledClass | undefined
  readonly isUnrestricted: boolean
}

export const PUBLIC = 1
export const BLOCKED = 2
export const PREFLIGHT = 4

/** More than anybody writes by hand; keeps a broken generator from filling memory. */
const ROUTES_MAX = 10_000

/** Compiles a table that `readRouteTable` accepted. */
export function compileRoutes(table: RouteTable): Routes {
  const entries = [
    ...table.public.map((prefix) => ({ prefix, flags: PUBLIC })),
    ...table.blocked.map((prefix) => ({ prefix, flags: BLOCKED })),
    ...table.preflight.map((prefix) => ({ prefix, flags: PREFLIGHT })),
  ]
  const routes: Routes = {
    table,
    flags: compilePrefixes(entries),
    audiences: compilePrefixes(
      table.audiences.map(({ prefix }, value) => ({ prefix, flags: 0, value })),
    ),
    audienceSets: table.audiences.map(({ audience }) => audience),
    limits: compileClasses(table.limits),
    unrestricted: new Set(table.unrestricted),
    login: new Set(table.login),
    recall: createMemo(PATHS_KNOWN, (path) => surveyPath(routes, path, foldPath(path))),
  }
  return routes
}

/** Paths that are asked for over and over; others are looked up each time. */
const PATHS_KNOWN = 1024

/** What the routes say of the path of a check; of the last ones it is known already. */
export function surveyRoutes(
  routes: Routes,
  { path, foldedPath }: { readonly path: string; readonly foldedPath: string },
): Survey {
  const known = routes.recall(path)
  if (known !== undefined && known.foldedPath === foldedPath) return known
  return surveyPath(routes, path, foldedPath)
}

function surveyPath(routes: Routes, path: string, foldedPath: string): Survey {
  return {
    foldedPath,
    flags: matchRoutes(routes, path, foldedPath),
    audience: matchAudience(routes, foldedPath),
    limitClass: matchClass(routes.limits, foldedPath),
    isUnrestricted: routes.unrestricted.has(path),
  }
}

/**
 * Whether a request of this path may open a session. A trailing slash and an extension are looked
 * through: `/sessions/` and `/sessions.json` are the same to some of the servers behind us.
 */
export function isLogin(routes: Routes, foldedPath: string): boolean {
  const { login } = routes
  if (login.has(foldedPath)) return true
  const path = foldedPath.endsWith('/') ? foldedPath.slice(0, -1) : foldedPath
  if (login.has(path)) return true
  const dot = path.lastIndexOf('.')
  return login.has(dot > path.lastIndexOf('/') ? path.slice(0, dot) : path)
}

/**
 * PUBLIC, BLOCKED, PREFLIGHT of every prefix that covers the path. Blocked is matched on the
 * folded path, the others on the path as sent; prefixes are lower case, so `/PUBLIC` is not
 * public, and `/public/INTERNAL` is blocked where `/public/internal` is.
 */
export function matchRoutes(routes: Routes, path: string, foldedPath: string): number {
  const exact = matchFlags(routes.flags, path)
  if (path === foldedPath) return exact
  return (exact & ~BLOCKED) | (matchFlags(routes.flags, foldedPath) & BLOCKED)
}

/** Whom a token for this path is for; the same list for the same routes, by identity. */
export function matchAudience(routes: Routes, foldedPath: string): readonly string[] {
  const found = matchLongest(routes.audiences, foldedPath)
  // To read an array at -1 is a search for a property of that name, and a call into the runtime.
  if (found === -1) return routes.table.defaultAudience
  return routes.audienceSets[found] as readonly string[]
}

export type RouteTableReading =
  | { readonly table: RouteTable }
  | { readonly problems: readonly string[] }

/** Reads what a policy file holds, or names every problem in it. Unknown keys are problems. */
export function readRouteTable(value: unknown): RouteTableReading {
  const problems: string[] = []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: ['the file must hold a mapping with `version: 1`'] }
  }
  const fields = new Map(Object.entries(value))
  const known = [
    'version',
    'public',
    'blocked',
    'preflight',
    'audiences',
    'default_audience',
    'limits',
    'unrestricted',
    'login',
  ]
  for (const key of fields.keys()) {
    if (!known.includes(key)) problems.push(`\`${key}\` is not one of ${known.join(', ')}`)
  }
  if (fields.get('version') !== 1) problems.push('`version` must be 1')
  const table: RouteTable = {
    version: 1,
    public: readPrefixes(fields.get('public'), 'public', problems),
    blocked: readPrefixes(fields.get('blocked'), 'blocked', problems),
    preflight: readPrefixes(fields.get('preflight'), 'preflight', problems),
    audiences: readAudiences(fields.get('audiences'), problems),
    defaultAudience: readAudience(fields.get('default_audience'), 'default_audience', problems),
    limits: readClasses(fields.get('limits'), problems),
    unrestricted: readPrefixes(
      fields.get('unrestricted') ?? UNRESTRICTED,
      'unrestricted',
      problems,
    ),
    login: readPrefixes(fields.get('login') ?? LOGIN, 'login', problems),
  }
  return problems.length === 0 ? { table } : { problems }
}

function readPrefixes(value: unknown, key: string, problems: string[]): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > ROUTES_MAX) {
    problems.push(`\`${key}\` must be a list of at most ${ROUTES_MAX} path prefixes`)
    return []
  }
  return value.flatMap((item: unknown, index) => {
    const prefix = readPrefix(item, `${key}[${index}]`, problems)
    return prefix === undefined ? [] : [prefix]
  })
}

function readPrefix(item: unknown, where: string, problems: string[]): string | undefined {
  const prefix = typeof item === 'string' && item !== '' ? parsePrefix(item) : undefined
  if (prefix === undefined) {
    problems.push(`\`${where}\` must be a plain path prefix such as /api/v2/public`)
  } else if (prefix !== prefix.toLowerCase()) {
    problems.push(`\`${where}\` must be in lower case: write ${prefix.toLowerCase()}`)
  } else if (prefix.includes('*')) {
    problems.push(`\`${where}\` must be without \`*\`: only permissions take wildcards`)
  } else return prefix
  return undefined
}

function readAudiences(value: unknown, problems: string[]): RouteTable['audiences'] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > ROUTES_MAX) {
    problems.push(`\`audiences\` must be a list of at most ${ROUTES_MAX} {prefix, audience}`)
    return []
  }
  const seen = new Set<string>()
  return value.flatMap((item: unknown, index) => {
    const where = `audiences[${index}]`
    const row = new Map(Object.entries(typeof item === 'object' && item !== null ? item : {}))
    for (const key of row.keys()) {
      if (key !== 'prefix' && key !== 'audience') {
        problems.push(`\`${where}.${key}\` is not one of prefix, audience`)
      }
    }
    const prefix = readPrefix(row.get('prefix'), `${where}.prefix`, problems)
    const audience = readAudience(row.get('audience'), `${where}.audience`, problems)
    if (prefix === undefined) return []
    if (seen.has(prefix)) problems.push(`\`${where}.prefix\` ${prefix} stands twice`)
    seen.add(prefix)
    return [{ prefix, audience }]
  })
}

/** RFC 7519 §4.1.3, always as a list. */
function readAudience(value: unknown, where: string, problems: string[]): readonly string[] {
  const isNamed = (item: unknown) => typeof item === 'string' && /^[\x21-\x7e]{1,200}$/.test(item)
  if (Array.isArray(value) && value.length > 0 && value.length <= 20 && value.every(isNamed)) {
    return value as string[]
  }
  problems.push(`\`${where}\` must be a list of 1 to 20 names such as [dvara]`)
  return []
}

/**
 * Every prefix of the table that covers the path, by a look at each: what `matchRoutes` and
 * `matchAudience` go by, in the order of their precedence. Slow.
 */
export function listRoutes(table: RouteTable, path: string, foldedPath: string): Row[] {
  const listed = (kind: RowKind, prefixes: readonly string[], at: string): Row[] =>
    prefixes
      .filter((prefix) => isUnder(prefix, at))
      .map((prefix) => ({ kind, id: prefix, says: `${kind} ${prefix}` }))
  const audiences = table.audiences
    .filter(({ prefix }) => isUnder(prefix, foldedPath))
    .sort((one, other) => other.prefix.length - one.prefix.length)
    .map(({ prefix, audience }): Row => {
      return { kind: 'audience', id: prefix, says: `audience ${prefix} ${audience.join(', ')}` }
    })
  return [
    ...listed('blocked', table.blocked, foldedPath),
    ...listed('preflight', table.preflight, path),
    ...listed('public', table.public, path),
    ...audiences,
  ]
}
