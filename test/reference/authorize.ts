import { activityOf } from './activity.ts'
import { isNear } from './address.ts'
import { claimsOf } from './claims.ts'
import type { History } from './history.ts'
import { judgeKey, KEY_HEADERS } from './keys.ts'
import { readPath } from './path.ts'
import { audienceOf, isBlocked, isPreflight, isPublic, permit } from './policy.ts'
import { cookiesOf, hasReservedLine, readHost, valuesOf } from './request.ts'
import { restrict } from './restrictions.ts'
import type { ActivityRow, Judgement, Login, Request, RestrictionRow, World } from './world.ts'

/** Status by reason, where it is not 401. */
const STATUS: Readonly<Record<string, number>> = {
  'authz.malformed_check': 403,
  'authz.reserved_header': 403,
  'authz.unsupported_method': 403,
  'authz.ambiguous_path': 403,
  'authz.unavailable': 403,
  'authz.invalid_api_key_headers': 422,
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/** One request, judged from the first rule to the last. */
export function judge(world: World, history: History, request: Request): Judgement {
  if (readHost(request.host) === undefined) return deny('authz.malformed_check')
  if (hasReservedLine(request)) return deny('authz.reserved_header')
  if (!/^[A-Z][A-Z-]{0,19}$/.test(request.method)) return deny('authz.unsupported_method')
  const target = readPath(request.target)
  if (target === undefined) return deny('authz.ambiguous_path')

  const { routes } = world
  const { path } = target
  const restricted = restrict(world, request.client, path)
  if (restricted === 'unknown') return deny('authz.unavailable')
  if (restricted !== undefined) return refuse(restricted)
  if (isBlocked(routes, path)) return deny('authz.permission_denied')
  if (request.method === 'OPTIONS' && isPreflight(routes, path)) return { kind: 'anyone' }
  if (isPublic(routes, path)) return { kind: 'anyone' }

  const isKeyPresented = KEY_HEADERS.some((name) => valuesOf(request, name).length > 0)
  if (isKeyPresented) return judgeSigned(world, history, request, target)
  return judgeSession(world, history, request, target)
}

function judgeSigned(
  world: World,
  history: History,
  request: Request,
  target: { path: string; query: string },
): Judgement {
  const found = judgeKey(world, history, request, target)
  if (typeof found === 'string') return deny(found)
  const { key, person, refused } = found
  const activity = activityOf(world, request, target, person, refused)
  if (refused !== undefined) return deny(refused, activity)
  const audience = audienceOf(world.routes, target.path)
  const bearer = { endsAtMs: key.expiresAtMs ?? Number.POSITIVE_INFINITY, sessionId: undefined }
  const claims = claimsOf(world, person, bearer, audience, request.atMs)
  return { kind: 'allow', user: person.uid, role: person.role, claims, activity }
}

function judgeSession(
  world: World,
  history: History,
  request: Request,
  target: { path: string; query: string },
): Judgement {
  const cookies = cookiesOf(request, world.cookieName)
  if (cookies.some((value) => value !== cookies[0])) return deny('authz.ambiguous_credential')
  const login = world.sessions.find(({ id }) => id === cookies[0])

  if (world.isCsrfRequired && !SAFE_METHODS.includes(request.method)) {
    const tokens = valuesOf(request, 'x-csrf-token')
    if (tokens.length === 0) return deny('authz.missing_csrf_token')
    const isToken = tokens.length === 1 && login !== undefined && tokens[0] === login.csrfToken
    if (!isToken || login.csrfToken === '') return deny('authz.csrf_token_mismatch')
  }
  if (login === undefined) return deny('authz.invalid_session')
  if (request.atMs >= login.endsAtMs) return deny('authz.invalid_session')
  if (request.atMs >= idleAtOf(history, login)) return deny('authz.client_session_mismatch')
  if (!isBound(world, login, request)) return deny('authz.client_session_mismatch')

  const person = world.principals.find(({ uid }) => uid === login.uid)
  if (person === undefined) return deny('authz.invalid_session')
  slide(world, history, login, request.atMs)
  if (!['active', 'pending'].includes(person.state)) return deny('authz.user_not_active')
  const { role } = person
  const { path } = target
  const permitted = permit(world.permissions, { role, method: request.method, path })
  const refused = permitted.isAccepted ? undefined : 'authz.invalid_permission'
  const activity = activityOf(world, request, target, person, refused, permitted)
  if (refused !== undefined) return deny(refused, activity)
  const audience = audienceOf(world.routes, path)
  const bearer = { endsAtMs: login.endsAtMs, sessionId: login.id }
  const claims = claimsOf(world, person, bearer, audience, request.atMs)
  return { kind: 'allow', user: person.uid, role, claims, activity }
}

function isBound(world: World, login: Login, request: Request): boolean {
  const isSameAgent = () => valuesOf(request, 'user-agent').join(', ') === login.userAgent
  const isSamePlace = () => isNear(request.client, login.address)
  if (world.binding === 'strict') return isSameAgent() && isSamePlace()
  if (world.binding === 'agent') return isSameAgent()
  if (world.binding === 'network') return isSamePlace()
  return true
}

function idleAtOf(history: History, login: Login): number {
  return history.idleAtMs.get(login.id) ?? login.idleAtMs
}

/** A session's end is never moved; a clock that was set back takes nothing away. */
function slide(world: World, history: History, login: Login, nowMs: number): void {
  const until = Math.min(nowMs + world.idleMs, login.endsAtMs)
  history.idleAtMs.set(login.id, Math.max(until, idleAtOf(history, login)))
}

/** With the row's own code, unless a gateway could take it for something else than a refusal. */
function refuse({ category, code }: RestrictionRow): Judgement {
  const status = code >= 400 && code < 500 ? code : 403
  return { kind: 'deny', reason: `authz.restrict.${category}`, status, activity: undefined }
}

function deny(reason: string, activity?: ActivityRow): Judgement {
  return { kind: 'deny', reason, status: STATUS[reason] ?? 401, activity }
}
