import { readFile, stat } from 'node:fs/promises'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import type { WrittenRoutes } from '../core/lint.ts'
import { readPermissionRows } from '../core/permission-rows.ts'
import type { Restriction } from '../core/restriction.ts'
import { readRestrictionRows } from '../core/restriction-rows.ts'
import { type RouteTable, readRouteTable } from '../core/route.ts'
import type { Permission } from '../core/rule.ts'

/** A policy that is not in force: routes, permission rows, restrictions, out of one file. */
export interface CandidateFile {
  /** As they are written; undefined where the file has no routes. */
  readonly written: WrittenRoutes | undefined
  /** As they would be in force; undefined where there are none, or where they are refused. */
  readonly table: RouteTable | undefined
  readonly permissions: readonly Permission[] | undefined
  readonly restrictions: readonly Restriction[] | undefined
  /** What keeps it from being in force. Each names its place in back-quotes, if it has one. */
  readonly problems: readonly string[]
  /** Line of a place such as `public[3]` or `permissions[2].path`, counted from 1. */
  lineOf(where: string): number | undefined
}

/** Rows of a large table, written out. */
const CANDIDATE_BYTES_MAX = 32 * 1024 * 1024

/**
 * Reads YAML or JSON: what a policy file holds, and `permissions` and `restrictions` beside it; or
 * a list of permission rows alone. Never rejects: what is wrong is among the problems.
 */
export async function loadCandidate(file: string): Promise<CandidateFile> {
  let text: string
  try {
    const { size } = await stat(file)
    if (size > CANDIDATE_BYTES_MAX) return unread(`${file} is larger than 32 MiB`)
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    return unread(`${file} cannot be read (${code})`)
  }
  return readCandidate(text)
}

export function readCandidate(text: string): CandidateFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: true, merge: false, lineCounter: lines })
  if (document.errors.length > 0) {
    return unread(...document.errors.map(({ message }) => message.split('\n', 1)[0] ?? message))
  }
  const value = toPlain(document)
  const isList = Array.isArray(value)
  const fields = new Map(Object.entries(isList ? { permissions: value } : Object(value)))
  const rows = fields.get('permissions')
  fields.delete('permissions')
  const restricting = fields.get('restrictions')
  fields.delete('restrictions')
  const problems: string[] = []
  const permissions = rows === undefined ? undefined : readPermissionRows(rows, problems)
  const hasRoutes = [...fields.keys()].some((key) => key !== 'version')
  const restrictions =
    restricting === undefined ? undefined : readRestrictionRows(restricting, problems)
  const isEmpty = !hasRoutes && permissions === undefined && restrictions === undefined
  if (isEmpty) problems.push('there is no policy in it')
  const read = hasRoutes ? readRouteTable(Object.fromEntries(fields)) : undefined
  if (read !== undefined && 'problems' in read) problems.push(...read.problems)
  return {
    written: hasRoutes ? writtenOf(fields) : undefined,
    table: read !== undefined && 'table' in read ? read.table : undefined,
    permissions,
    restrictions,
    problems,
    lineOf: (where) => lineOf(document, lines, isList ? where.replace('permissions', '') : where),
  }
}

function unread(...problems: string[]): CandidateFile {
  return {
    ...{ written: undefined, table: undefined, permissions: undefined, restrictions: undefined },
    problems,
    lineOf: () => undefined,
  }
}

/** Undefined, which no policy can be, for a document with aliases: they can grow without bound. */
function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

function writtenOf(fields: ReadonlyMap<string, unknown>): WrittenRoutes {
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : '')) : []
  const audiences = fields.get('audiences')
  return {
    public: texts(fields.get('public')),
    blocked: texts(fields.get('blocked')),
    preflight: texts(fields.get('preflight')),
    audiences: Array.isArray(audiences)
      ? texts(audiences.map((one) => new Map(Object.entries(Object(one))).get('prefix')))
      : [],
  }
}

/** Of the place itself, or of the nearest thing around it that is there. */
function lineOf(document: Document, lines: LineCounter, where: string): number | undefined {
  const path = where
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}
