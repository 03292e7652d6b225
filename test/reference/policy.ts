import { knowing } from './known.ts'
import { isCovered, isMatched } from './path.ts'
import type { PermissionRow, RouteLists } from './world.ts'

/** Delimiters that a path may hold both plainly and behind a percent sign. */
const DELIMITERS = "!$&'()*+,=:@"

/**
 * What refuses ignores case and the encoding of delimiters, since upstreams may; what lets pass
 * does not.
 */
export const folded = knowing((path) => {
  if (!path.includes('%')) return path.toLowerCase()
  return [...DELIMITERS].reduce(
    (text, character) => text.replaceAll(`%${character.charCodeAt(0).toString(16)}`, character),
    path.toLowerCase(),
  )
})

export function isBlocked(routes: RouteLists, path: string): boolean {
  return routes.blocked.some((prefix) => isCovered(folded(path), prefix))
}

export function isPreflight(routes: RouteLists, path: string): boolean {
  return routes.preflight.some((prefix) => isCovered(path, prefix))
}

export function isPublic(routes: RouteLists, path: string): boolean {
  return routes.public.some((prefix) => isCovered(path, prefix))
}

/** The audience of the longest prefix that covers the path, whatever its case. */
export function audienceOf(routes: RouteLists, path: string): readonly string[] {
  const covering = routes.audiences.filter(({ prefix }) => isCovered(folded(path), prefix))
  const lengthOf = ({ prefix }: { prefix: string }) => prefix.replace(/\/+$/, '').length
  covering.sort((one, other) => lengthOf(other) - lengthOf(one))
  return covering[0]?.audience ?? routes.defaultAudience
}

/** What the rows say of one role's request. */
export interface Permitted {
  readonly isAccepted: boolean
  readonly isAudited: boolean
  /** Of the first AUDIT row that matches. */
  readonly topic: string | null
}

export function permit(
  rows: readonly PermissionRow[],
  at: { role: string; method: string; path: string },
): Permitted {
  const matching = rows.filter((row) => row.role === at.role && isRowMatching(row, at))
  const audits = matching.filter((row) => row.action === 'AUDIT')
  const isDropped = matching.some((row) => row.action === 'DROP')
  const isGranted = matching.some((row) => row.action === 'ACCEPT')
  return {
    isAccepted: isGranted && !isDropped,
    isAudited: audits.length > 0,
    topic: audits[0]?.topic ?? null,
  }
}

/** Whether a row speaks of a request, whoever sends it. */
export function isRowMatching(
  row: Pick<PermissionRow, 'verb' | 'path' | 'action'>,
  at: { method: string; path: string },
): boolean {
  if (!isVerbCovered(row.verb.toUpperCase(), at.method)) return false
  if (row.action === 'ACCEPT') return isMatched(at.path, row.path)
  return isMatched(folded(at.path), row.path.toLowerCase())
}

function isVerbCovered(verb: string, method: string): boolean {
  if (verb === method) return method !== 'ALL'
  if (verb === 'GET') return method === 'HEAD'
  return verb === 'ALL' && ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].includes(method)
}
