import type { DialectName } from '../../src/core/check.ts'
import { toldBy } from '../core/granted.ts'
import { createCorridor } from '../fuzz/decide/corridor.ts'
import type { Line } from '../gateway/spellings.ts'
import { judge } from '../reference/authorize.ts'
import { createHistory } from '../reference/history.ts'
import type { Login, Person, Request, World } from '../reference/world.ts'
import type { Attempt } from './row.ts'

const NOW_MS = 1_700_000_000_000
const CLIENT = '198.51.100.7'
export const AGENT = 'Mozilla/5.0 (attack)'
const SESSION_MS = 86_400_000
export const IDLE_MS = 1_800_000

export const SESSION_IDS = { member: 'M'.repeat(68), admin: 'A'.repeat(68) } as const
export const CSRF_TOKENS = {
  member: 'aaaaaaaaaaaaaaaaaaaa',
  admin: 'bbbbbbbbbbbbbbbbbbbb',
} as const

function personOf(role: 'member' | 'admin'): Person {
  return {
    uid: `ID-${role}`,
    kind: 'user',
    username: null,
    email: `${role}@app.example`,
    role,
    level: 3,
    state: 'active',
    referralId: null,
    otp: true,
  }
}

function loginOf(role: 'member' | 'admin'): Login {
  return {
    id: SESSION_IDS[role],
    uid: `ID-${role}`,
    csrfToken: CSRF_TOKENS[role],
    userAgent: AGENT,
    address: CLIENT,
    endsAtMs: NOW_MS + SESSION_MS,
    idleAtMs: NOW_MS + IDLE_MS,
  }
}

const row = (id: number, role: string, verb: string, path: string, action = 'ACCEPT') => ({
  ...{ id, role, verb, path, action, topic: null },
})

/** Public paths, paths of administrators, paths of members, and some that nobody reaches. */
const ATTACKED: World = {
  cookieName: 'dvara_session',
  isCsrfRequired: true,
  binding: 'strict',
  idleMs: IDLE_MS,
  tokenTtlMs: 60_000,
  issuer: 'dvara',
  routes: {
    public: ['/api/v2/public', '/api/v2/barong/public'],
    blocked: ['/api/v2/management', '/api/v2/public/internal'],
    preflight: ['/api/v2/orders'],
    audiences: [{ prefix: '/api/v2/trade', audience: ['trade'] }],
    defaultAudience: ['dvara'],
    unrestricted: [],
    login: [],
  },
  permissions: [
    row(1, 'admin', 'ALL', '/api/v2'),
    row(2, 'member', 'ALL', '/api/v2/orders'),
    row(3, 'member', 'GET', '/api/v2/trade'),
    row(4, 'member', 'ALL', '/api/v2/orders/private', 'DROP'),
    row(5, 'member', 'ALL', '/api/v2/orders/private/mine'),
  ],
  principals: [personOf('member'), personOf('admin')],
  sessions: [loginOf('member'), loginOf('admin')],
  keys: [],
  restrictions: [],
  places: [],
  isPlaceKnown: true,
  isV1Once: false,
}

function requestOf(attempt: Attempt): Request {
  const { as, target, method = 'GET', host = 'app.example', client = CLIENT } = attempt
  const lines: Line[] = []
  if (as !== 'guest' && attempt.isBare !== true) {
    lines.push(['Cookie', `dvara_session=${SESSION_IDS[as]}`])
  }
  if (attempt.isBare !== true) lines.push(['User-Agent', AGENT])
  const atMs = NOW_MS + (attempt.afterMs ?? 0)
  return { method, target, host, client, lines: [...lines, ...(attempt.lines ?? [])], atMs }
}

/** What the corridor says to an attempt through one gateway, and what the reference says. */
export async function answerTo(
  attempt: Attempt,
  dialect: DialectName,
  world: World = ATTACKED,
): Promise<{ readonly heard: string; readonly status: number; readonly expected: string }> {
  const corridor = createCorridor(world)
  try {
    const request = requestOf(attempt)
    const answer = await corridor.ask({ ...request, dialect })
    const judgement = judge(world, createHistory(), request)
    const expected = judgement.kind === 'deny' ? judgement.reason : judgement.kind
    if (answer.kind === 'deny') return { heard: answer.reason, status: answer.status, expected }
    return {
      heard: toldBy(answer).authorization === '' ? 'anyone' : 'allow',
      status: 200,
      expected,
    }
  } finally {
    corridor.close()
  }
}
