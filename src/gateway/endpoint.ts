import type { DialectName } from '../core/check.ts'
import { createMemo } from '../core/memo.ts'
import { barong } from './barong.ts'
import type { Dialect } from './dialect.ts'
import { envoy } from './envoy.ts'
import { caddy, traefik } from './forward.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { type Reply, wordNotFound } from './reply.ts'

/** Every dialect that we speak. */
export const DIALECTS = {
  nginx,
  traefik,
  caddy,
  envoy,
  haproxy,
  barong,
} as const satisfies Record<DialectName, Dialect>

/** One endpoint is one dialect; none is ever guessed from headers, which clients can send. */
const FIXED: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>(
  (['nginx', 'traefik', 'caddy', 'haproxy'] as const).map((name) => [
    `/authz/${name}`,
    { kind: 'check', dialect: DIALECTS[name], target: '' },
  ]),
)
/** The paths of the fixed endpoints; what follows a `?` there says nothing. */
export const FIXED_PATHS: readonly string[] = [...FIXED.keys()]
const ENVOY_PREFIX = '/authz/envoy'
const BARONG_PREFIX = '/api/v2/auth'
const JWKS_PATH = '/.well-known/jwks.json'

const NOT_FOUND = wordNotFound('{"error":"Not found"}')
/** Word for word what Barong answers when the path is empty. */
const BARONG_NOT_FOUND = wordNotFound('{"error":"Route is not found"}')

export type Endpoint =
  | { readonly kind: 'check'; readonly dialect: Dialect; readonly target: string }
  | { readonly kind: 'jwks' }
  | { readonly kind: 'missing'; readonly reply: Reply }

const JWKS: Endpoint = { kind: 'jwks' }
const MISSING: Endpoint = { kind: 'missing', reply: NOT_FOUND }
const BARONG_MISSING: Endpoint = { kind: 'missing', reply: BARONG_NOT_FOUND }

/** There is one gateway mostly, and its path the same text each time. */
const fixedOf = createMemo(8, (path) => FIXED.get(path))

/** What a subrequest's own path asks for. */
export function matchEndpoint(path: string, query: string): Endpoint {
  const fixed = fixedOf(path)
  if (fixed !== undefined) return fixed
  if (path.startsWith(`${ENVOY_PREFIX}/`)) {
    return checkBehind(DIALECTS.envoy, path.slice(ENVOY_PREFIX.length), query)
  }
  if (path === BARONG_PREFIX || path === `${BARONG_PREFIX}/`) return BARONG_MISSING
  if (path.startsWith(`${BARONG_PREFIX}/`)) {
    return checkBehind(DIALECTS.barong, path.slice(BARONG_PREFIX.length), query)
  }
  return path === JWKS_PATH ? JWKS : MISSING
}

function checkBehind(dialect: Dialect, path: string, query: string): Endpoint {
  return { kind: 'check', dialect, target: query === '' ? path : `${path}?${query}` }
}
