import { type Permitted, permit } from './policy.ts'
import { valuesOf } from './request.ts'
import type { ActivityRow, Person, Request, World } from './world.ts'

/** Refusals of somebody who has proven who they are, by what they may do. */
const DENIED = ['authz.invalid_permission', 'authz.apikey_scope_not_allowed']

const ACTIONS: Readonly<Record<string, string>> = {
  ...{ POST: 'create', PUT: 'update', PATCH: 'update', GET: 'read', DELETE: 'delete' },
}

/** What is written down of a request that was judged; undefined where nothing is. */
export function activityOf(
  world: World,
  request: Request,
  { path, query }: { path: string; query: string },
  person: Person,
  reason: string | undefined,
  known?: Permitted,
): ActivityRow | undefined {
  if (reason !== undefined && !DENIED.includes(reason)) return undefined
  const { method } = request
  const permitted = known ?? permit(world.permissions, { role: person.role, method, path })
  if (reason === undefined && !permitted.isAudited) return undefined
  return {
    category: 'admin',
    uid: person.uid,
    kind: person.kind,
    targetUid: targetOf(query),
    userAgent: inBounds(valuesOf(request, 'user-agent').join(', ')),
    topic: permitted.topic || topicOf(path),
    action: ACTIONS[method] ?? 'system',
    result: reason === undefined ? 'succeed' : 'denied',
    reason: reason ?? '',
    method,
    path: inBounds(path),
  }
}

/** The segment after the first `admin` that has one after it. */
function topicOf(path: string): string {
  const segments = path.split('/').slice(1)
  const at = segments.findIndex((each, place) => each === 'admin' && (segments[place + 1] ?? ''))
  return at === -1 ? 'general' : inBounds(segments[at + 1] as string)
}

/** The first of `uid` and `user_uid` that names somebody as a uid may be spelt. */
function targetOf(query: string): string {
  for (const pair of query.split('&')) {
    const [name, value = '', ...more] = pair.split('=')
    const isNamed = (name === 'uid' || name === 'user_uid') && more.length === 0
    if (isNamed && /^[A-Za-z0-9]{1,64}$/.test(value)) return value
  }
  return ''
}

/** At most 512 characters, and none that would move a terminal. */
function inBounds(text: string): string {
  return [...text.slice(0, 512)].filter((each) => !isControl(each)).join('')
}

function isControl(character: string): boolean {
  const code = character.charCodeAt(0)
  return code < 0x20 || (code >= 0x7f && code < 0xa0)
}
