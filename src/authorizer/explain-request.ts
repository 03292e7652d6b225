import { parseAddress } from '../core/address.ts'
import { DIALECT_NAMES, type DialectName } from '../core/check.ts'
import type { AskedAs, WonderedRequest } from '../core/explanation.ts'

/** A decision that was made, or a request that may never have been. */
export type ExplainQuestion =
  | { readonly id: string; readonly dialect: DialectName | undefined }
  | { readonly id: undefined; readonly request: WonderedRequest }
type Problems = { readonly problems: readonly string[] }

const FIELDS = [
  ...['method', 'path', 'host', 'address', 'userAgent', 'csrf', 'as', 'headers'],
  ...['gateway', 'dialect', 'version'],
]
const KINDS = ['uid', 'kid', 'cookie'] as const
const TEXT_CHARS_MAX = 16_384
const HEADERS_MAX = 128

/**
 * Reads `{"method": "GET", "path": "/x", "as": {"uid": "ID1"}}` and more, as docs/explain.md has
 * it, or names every problem in it; `{"id": "…"}` asks about a decision. Never repeats a value:
 * a cookie may be among them.
 */
export function readExplainQuestion(body: unknown): ExplainQuestion | Problems {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { problems: ['send an object such as {"path":"/orders"}'] }
  }
  const fields = new Map(Object.entries(body))
  return fields.has('id') ? readById(fields) : readWondered(fields)
}

function readById(fields: ReadonlyMap<string, unknown>): ExplainQuestion | Problems {
  const problems: string[] = []
  for (const key of fields.keys()) {
    if (key !== 'id' && key !== 'dialect') problems.push('beside id there is only dialect')
  }
  const id = readText(fields.get('id'), 'id', problems) ?? ''
  const dialect = readDialect(readText(fields.get('dialect'), 'dialect', problems), problems)
  return problems.length === 0 ? { id, dialect } : { problems }
}

function readWondered(fields: ReadonlyMap<string, unknown>): ExplainQuestion | Problems {
  const problems: string[] = []
  for (const key of fields.keys()) {
    if (!FIELDS.includes(key)) problems.push(`${word(key)} is not one of ${FIELDS.join(', ')}`)
  }
  const text = (key: string): string | undefined => readText(fields.get(key), key, problems)
  const path = text('path')
  if (path === undefined && !fields.has('path')) problems.push('path is missing')
  const csrf = text('csrf')
  const request: WonderedRequest = {
    method: text('method') ?? 'GET',
    path: path ?? '',
    host: text('host') ?? '',
    address: text('address'),
    userAgent: text('userAgent'),
    csrfToken: csrf === 'matching' ? undefined : csrf === 'none' ? null : csrf,
    as: readAs(fields.get('as'), problems),
    version: readVersion(fields.get('version'), problems),
    headers: readNames(fields.get('headers'), problems),
    gateway: text('gateway'),
    dialect: readDialect(text('dialect'), problems),
  }
  if (request.address !== undefined && parseAddress(request.address) === undefined) {
    problems.push('address is an IP address')
  }
  return problems.length === 0 ? { id: undefined, request } : { problems }
}

function readText(value: unknown, key: string, problems: string[]): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= TEXT_CHARS_MAX) return value
  problems.push(`${key} is a text of at most ${TEXT_CHARS_MAX} characters`)
  return undefined
}

function readAs(value: unknown, problems: string[]): AskedAs {
  const nobody: AskedAs = { kind: 'none' }
  if (value === undefined || value === 'none') return nobody
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const [kind, name] = entries[0] ?? []
  const known = KINDS.find((one) => one === kind)
  if (entries.length !== 1 || known === undefined || typeof name !== 'string' || name === '') {
    problems.push('as is "none", or an object with one of uid, kid, cookie')
    return nobody
  }
  if (known === 'uid') return { kind: 'uid', uid: name }
  return known === 'kid' ? { kind: 'kid', kid: name } : { kind: 'cookie', value: name }
}

function readVersion(value: unknown, problems: string[]): 1 | 2 {
  if (value === 1 || value === 2 || value === undefined) return value ?? 2
  problems.push('version is 1 or 2')
  return 2
}

function readNames(value: unknown, problems: string[]): readonly string[] {
  if (value === undefined) return []
  const isName = (one: unknown) => typeof one === 'string' && /^[!-9;-~]{1,200}$/.test(one)
  if (Array.isArray(value) && value.length <= HEADERS_MAX && value.every(isName)) {
    return value as string[]
  }
  problems.push('headers is a list of names')
  return []
}

function readDialect(text: string | undefined, problems: string[]): DialectName | undefined {
  if (text === undefined) return undefined
  const found = DIALECT_NAMES.find((name) => name === text)
  if (found === undefined) problems.push(`dialect is one of ${DIALECT_NAMES.join(', ')}`)
  return found
}

/** A key as given, unless it may be a secret gone astray. */
function word(key: string): string {
  return /^[\w-]{1,30}$/.test(key) ? key : 'a key'
}
