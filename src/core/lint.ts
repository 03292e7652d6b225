import { lintPermissions } from './lint-permissions.ts'
import { isUnder, parsePrefix } from './path.ts'
import type { RouteTable } from './route.ts'
import type { Permission } from './rule.ts'

/** `error`: it does not do what it says. `warning`: it probably does not. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** One thing that somebody who wrote a policy would want to be told. */
export interface Finding {
  readonly severity: Severity
  /** The place in the file, e.g. `blocked[2]` or `permissions[14].path`. */
  readonly where: string
  readonly why: string
  readonly remedy: string
}

/** The prefixes of a policy file as they are written, before anything is refused. */
export interface WrittenRoutes {
  readonly public: readonly string[]
  readonly blocked: readonly string[]
  readonly preflight: readonly string[]
  readonly audiences: readonly string[]
}

/** What looks like a pattern. None of it is one: prefixes are matched letter by letter. */
const PATTERN = /[\^$|()[\]{}+\\]|\.\*|\*\*|[^/]\*|\*[^/]/
const ENCODED = /%[0-9A-Fa-f]{2}/

/** What is odd about a prefix by itself; `isWild` where a segment `*` stands for any one. */
export function lintPrefix(text: string, where: string, isWild: boolean): Finding[] {
  if (PATTERN.test(text) || (!isWild && text.includes('*'))) {
    return [
      {
        ...{ severity: 'error', where },
        why: `\`${text}\` looks like a pattern, but prefixes are matched letter by letter`,
        remedy: `write the plain prefix, such as ${plain(text)}; it covers everything below it`,
      },
    ]
  }
  if (ENCODED.test(text) || parsePrefix(text.replaceAll('*', 'x')) === undefined) {
    return [
      {
        ...{ severity: 'error', where },
        why: `no request has a path that \`${text}\` could match`,
        remedy: 'write the path decoded, without query, dots, // or encoded characters',
      },
    ]
  }
  if (isWild && text.endsWith('/*')) {
    return [
      {
        ...{ severity: 'note', where },
        why: `\`${text}\` covers what is below ${text.slice(0, -2) || '/'}, but not that itself`,
        remedy: 'leave the last `/*` out if both are meant',
      },
    ]
  }
  return []
}

function plain(text: string): string {
  const end = text.search(/[\^$|()[\]{}+\\*]|\.\*/)
  const cut = text.startsWith('^')
    ? plain(text.slice(1))
    : text.slice(0, end === -1 ? undefined : end)
  return cut.replace(/\/+$/, '') || '/'
}

/** Everything that is odd about a policy. Findings are in the order of the file. */
export function lintPolicy(
  routes: WrittenRoutes | undefined,
  table: RouteTable | undefined,
  permissions: readonly Permission[] | undefined,
): Finding[] {
  const findings: Finding[] = []
  if (routes !== undefined) findings.push(...lintRoutes(routes, table))
  if (permissions !== undefined) findings.push(...lintPermissions(permissions, table))
  return findings
}

function lintRoutes(written: WrittenRoutes, table: RouteTable | undefined): Finding[] {
  const findings: Finding[] = []
  for (const [key, prefixes] of Object.entries(written) as [keyof WrittenRoutes, string[]][]) {
    prefixes.forEach((prefix, index) => {
      const where = key === 'audiences' ? `audiences[${index}].prefix` : `${key}[${index}]`
      findings.push(...lintPrefix(prefix, where, false))
      if (prefix !== prefix.toLowerCase()) findings.push(capitals(prefix, where))
    })
  }
  if (table === undefined) return findings
  for (const key of ['public', 'blocked', 'preflight'] as const) {
    findings.push(...lintCovered(table[key], key))
  }
  findings.push(...lintOverlaps(table))
  return findings
}

function capitals(prefix: string, where: string): Finding {
  return {
    ...{ severity: 'error', where },
    why: `\`${prefix}\` has capitals; prefixes of routes are in lower case`,
    remedy: `write ${prefix.toLowerCase()}`,
  }
}

/** Prefixes that another one of the same list covers. */
function lintCovered(prefixes: readonly string[], key: string): Finding[] {
  const places = new Map<string, number>()
  const findings: Finding[] = []
  prefixes.forEach((prefix, index) => {
    const where = `${key}[${index}]`
    if (places.has(prefix)) {
      findings.push({
        ...{ severity: 'warning', where },
        why: `\`${prefix}\` stands here and at ${key}[${places.get(prefix)}]`,
        remedy: 'remove one of them',
      })
    } else places.set(prefix, index)
  })
  for (const [prefix, index] of places) {
    const cover = ancestorsOf(prefix).find((one) => places.has(one))
    if (cover === undefined) continue
    findings.push({
      ...{ severity: 'warning', where: `${key}[${index}]` },
      why: `\`${prefix}\` changes nothing: ${key}[${places.get(cover)}] \`${cover}\` covers it`,
      remedy: 'remove it, or the broader one if that is too broad',
    })
  }
  return findings
}

/** Every prefix that covers this one and is not it, nearest first. */
export function ancestorsOf(prefix: string): string[] {
  const found: string[] = []
  let at = prefix.lastIndexOf('/')
  while (at > 0) {
    found.push(prefix.slice(0, at))
    at = prefix.lastIndexOf('/', at - 1)
  }
  if (prefix !== '/') found.push('/')
  return found
}

/** The first of `prefixes` that covers this one. */
export function coverOf(prefix: string, prefixes: ReadonlySet<string>): string | undefined {
  if (prefixes.has(prefix)) return prefix
  return ancestorsOf(prefix).find((one) => prefixes.has(one))
}

function lintOverlaps(table: RouteTable): Finding[] {
  const open = new Set(table.public)
  const shut = new Set(table.blocked)
  const findings: Finding[] = []
  if (open.has('/')) {
    findings.push({
      ...{ severity: 'error', where: `public[${table.public.indexOf('/')}]` },
      why: '`/` makes everything public: nobody is ever asked who they are',
      remedy: 'list the prefixes that are meant for everybody',
    })
  }
  if (shut.has('/')) {
    findings.push({
      ...{ severity: 'error', where: `blocked[${table.blocked.indexOf('/')}]` },
      why: '`/` blocks everything',
      remedy: 'list the prefixes that nobody may reach',
    })
  }
  table.public.forEach((prefix, index) => {
    const cover = coverOf(prefix, shut)
    if (cover !== undefined) findings.push(dead(`public[${index}]`, prefix, cover))
    const inside = table.blocked.filter((one) => one !== prefix && isUnder(prefix, one))
    if (inside.length === 0) return
    findings.push({
      ...{ severity: 'note', where: `public[${index}]` },
      why: `not all of \`${prefix}\` is public: ${inside.join(', ')} is blocked`,
      remedy: 'nothing, if that is what is meant',
    })
  })
  const lists = [
    ...table.audiences.map(({ prefix }, at) => [`audiences[${at}].prefix`, prefix] as const),
    ...table.limits.flatMap(({ prefixes }, at) =>
      prefixes.map((prefix, n) => [`limits[${at}].prefixes[${n}]`, prefix] as const),
    ),
  ]
  for (const [where, prefix] of lists) {
    const cover = coverOf(prefix, shut)
    if (cover !== undefined) findings.push(dead(where, prefix, cover))
    const free = coverOf(prefix, open)
    if (free === undefined) continue
    findings.push({
      ...{ severity: 'warning', where },
      why: `\`${prefix}\` is public by \`${free}\`: nobody is identified there`,
      remedy: 'remove it, or take the prefix out of `public`',
    })
  }
  return findings
}

function dead(where: string, prefix: string, cover: string): Finding {
  return {
    ...{ severity: 'warning', where },
    why: `\`${prefix}\` is never reached: \`${cover}\` is blocked, and blocked wins`,
    remedy: 'remove it, or make the blocked prefix narrower',
  }
}
