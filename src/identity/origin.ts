import type { IncomingHttpHeaders } from 'node:http'
import { isSafeMethod } from '../core/check.ts'

/**
 * Whether a browser says that another site's page makes this state-changing call. Both headers are
 * set by the browser alone; a caller without them is no browser and carries no one's cookies.
 */
export function isForeign(
  method: string,
  headers: IncomingHttpHeaders,
  ownOrigins: ReadonlySet<string>,
): boolean {
  if (isSafeMethod(method)) return false
  if (headers.origin !== undefined) return !ownOrigins.has(headers.origin)
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}
