import { compileLimit, type Limit, parseRate, RATE_COUNT_MAX, type Rate } from './bucket.ts'
import { parsePrefix } from './path.ts'
import { compilePrefixes, matchLongest, type PrefixTree } from './prefix-tree.ts'

/** What a limit counts by. */
export const LIMIT_KINDS = ['address', 'key', 'principal', 'route'] as const
export type LimitKind = (typeof LIMIT_KINDS)[number]

/** Paths that share one limit, as the policy file has them. */
export interface LimitClass {
  /** Told to nobody but operators; names the bucket, so that a reload keeps it. */
  readonly name: string
  readonly prefixes: readonly string[]
  readonly rate: Rate
  /** Whether each principal has a bucket, or all share one. */
  readonly per: 'principal' | 'everyone'
}

export interface CompiledClass extends LimitClass {
  readonly limit: Limit
  /** Stands for the name where its buckets are looked up. */
  readonly domain: number
}

/** Classes by longest prefix. */
export interface LimitClasses {
  readonly tree: PrefixTree
  readonly classes: readonly CompiledClass[]
}

const CLASSES_MAX = 100
const PREFIXES_MAX = 1000
const FIELDS = ['name', 'prefixes', 'rate', 'burst', 'per']

export function compileClasses(classes: readonly LimitClass[]): LimitClasses {
  const entries = classes.flatMap(({ prefixes }, value) =>
    prefixes.map((prefix) => ({ prefix, flags: 0, value })),
  )
  return {
    tree: compilePrefixes(entries),
    classes: classes.map((one) => ({
      ...one,
      limit: compileLimit(one.rate),
      domain: domainOf(one.name),
    })),
  }
}

/** 32 bits of the name (FNV-1a); operators choose names, so nobody gains by a collision. */
function domainOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  }
  return hash
}

/** The class with the longest prefix that covers this path; undefined if none does. */
export function matchClass(compiled: LimitClasses, foldedPath: string): CompiledClass | undefined {
  if (compiled.classes.length === 0) return undefined
  const found = matchLongest(compiled.tree, foldedPath)
  return found === -1 ? undefined : compiled.classes[found]
}

/** Reads `limits` of a policy file; what is wrong is added to `problems`. */
export function readClasses(value: unknown, problems: string[]): LimitClass[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > CLASSES_MAX) {
    problems.push(`\`limits\` must be a list of at most ${CLASSES_MAX} {${FIELDS.join(', ')}}`)
    return []
  }
  const names = new Set<string>()
  const taken = new Set<string>()
  return value.flatMap((item: unknown, index) => {
    const where = `limits[${index}]`
    const row = new Map(Object.entries(typeof item === 'object' && item !== null ? item : {}))
    for (const key of row.keys()) {
      if (!FIELDS.includes(key)) {
        problems.push(`\`${where}.${key}\` is not one of ${FIELDS.join(', ')}`)
      }
    }
    const name = readName(row.get('name'), where, problems)
    const prefixes = readPrefixes(row.get('prefixes'), where, problems)
    const rate = readRate(row.get('rate'), row.get('burst'), where, problems)
    const per = row.get('per') ?? 'principal'
    if (per !== 'principal' && per !== 'everyone') {
      problems.push(`\`${where}.per\` must be principal or everyone`)
      return []
    }
    if (names.has(name)) problems.push(`\`${where}.name\` ${name} stands twice`)
    names.add(name)
    for (const prefix of prefixes) {
      if (taken.has(prefix)) problems.push(`\`${where}.prefixes\` ${prefix} stands twice`)
      taken.add(prefix)
    }
    return rate === undefined ? [] : [{ name, prefixes, rate, per }]
  })
}

function readName(value: unknown, where: string, problems: string[]): string {
  if (typeof value === 'string' && /^[a-z][a-z0-9_-]{0,39}$/.test(value)) return value
  problems.push(`\`${where}.name\` must be a word such as withdrawals`)
  return where
}

function readPrefixes(value: unknown, where: string, problems: string[]): string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= PREFIXES_MAX
  if (!isList) {
    problems.push(`\`${where}.prefixes\` must be a list of 1 to ${PREFIXES_MAX} path prefixes`)
    return []
  }
  return value.flatMap((item: unknown) => {
    const prefix = typeof item === 'string' && item !== '' ? parsePrefix(item) : undefined
    // Matched on the path in lower case: /Orders and /orders are one bucket.
    if (prefix !== undefined && prefix === prefix.toLowerCase() && !prefix.includes('*')) {
      return [prefix]
    }
    problems.push(`\`${where}.prefixes\` must hold plain prefixes in lower case such as /orders`)
    return []
  })
}

function readRate(
  rate: unknown,
  burst: unknown,
  where: string,
  problems: string[],
): Rate | undefined {
  const read = typeof rate === 'string' ? parseRate(rate, 1) : undefined
  if (read === undefined) {
    problems.push(`\`${where}.rate\` must be such as 10/s, 30/m or 500/h`)
    return undefined
  }
  if (burst === undefined || burst === null) return { ...read, burst: read.count }
  const isCount = typeof burst === 'number' && Number.isInteger(burst)
  if (isCount && burst >= 1 && burst <= RATE_COUNT_MAX) return { ...read, burst }
  problems.push(`\`${where}.burst\` must be a whole number from 1 to ${RATE_COUNT_MAX}`)
  return undefined
}
