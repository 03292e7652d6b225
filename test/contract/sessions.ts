import type { Case } from './case.ts'
import {
  AGENT,
  CLIENT,
  COOKIE,
  CSRF_TOKEN,
  LOGIN,
  LOGIN_PATH,
  NOW_MS,
  PERSON,
  SESSION_MS,
} from './world.ts'

const MISMATCH = 'authz.client_session_mismatch'
const VERBS = ['POST', 'GET', 'PUT', 'HEAD', 'DELETE', 'PATCH']
const ELSEWHERE = '168.27.3.225'
/** What a header says that any client can send never moves where it is. */
const NO_CDN = 'the address is the one that the gateway tells; a CDN’s header is never read'

/** Requests that come with a session. */
export const SESSIONS: readonly Case[] = [
  { no: 1, name: 'a live session', steps: [{ expect: 'allow' }] },
  {
    no: 2,
    name: 'every verb under an ALL row; the token opens one’s own page',
    steps: VERBS.map((method) => ({ method, expect: 'allow' })),
    proofs: [
      [
        'test/identity/bearer.test.ts',
        'a good token gives the user of the store and the session’s hash',
      ],
    ],
  },
  { no: 3, name: 'the address of the login', steps: [{ client: CLIENT, expect: 'allow' }] },
  { no: 4, name: 'another /16', steps: [{ client: ELSEWHERE, expect: MISMATCH }] },
  {
    no: 5,
    name: 'another address with the True-Client-IP of the login',
    steps: [{ client: ELSEWHERE, lines: [['True-Client-IP', CLIENT]], expect: MISMATCH }],
    differs: NO_CDN,
  },
  { no: 6, name: 'no True-Client-IP', steps: [{ expect: 'allow' }] },
  {
    no: 7,
    name: 'an empty True-Client-IP',
    steps: [{ lines: [['True-Client-IP', '']], expect: 'allow' }],
  },
  {
    no: 8,
    name: 'the address of the login with another True-Client-IP',
    steps: [{ lines: [['True-Client-IP', ELSEWHERE]], expect: 'allow' }],
    differs: NO_CDN,
  },
  {
    no: 9,
    name: 'an empty or missing True-Client-IP, and another address',
    steps: [
      { client: ELSEWHERE, expect: MISMATCH },
      { client: ELSEWHERE, lines: [['True-Client-IP', '']], expect: MISMATCH },
    ],
  },
  {
    no: 10,
    name: 'nothing at all',
    steps: [{ isGuest: true, agent: null, expect: 'authz.invalid_session' }],
  },
  {
    no: 11,
    name: 'somebody who was banned after the login',
    world: { principals: [{ ...PERSON, state: 'banned' }] },
    steps: [{ expect: 'authz.user_not_active' }],
  },
  {
    no: 12,
    name: 'a blocked path',
    steps: [
      {
        ...{ method: 'PUT', path: '/api/v2/peatio/management/ping' },
        expect: 'authz.permission_denied',
      },
    ],
  },
  {
    no: 13,
    name: 'a public path: no token',
    steps: [{ method: 'PUT', path: '/api/v2/peatio/public/ping', expect: 'anyone' }],
  },
]

const CSRF = { isCsrfRequired: true }
const TOKEN = [['X-CSRF-Token', CSRF_TOKEN]] as const
const UNSAFE = ['POST', 'PUT', 'DELETE', 'PATCH']

/** Requests that another site’s page could have sent. */
export const FORGERIES: readonly Case[] = [
  {
    no: 27,
    name: 'POST without a token',
    world: CSRF,
    steps: [{ method: 'POST', expect: 'authz.missing_csrf_token' }],
  },
  {
    no: 28,
    name: 'every unsafe verb without a token',
    world: CSRF,
    steps: UNSAFE.map((method) => ({ method, expect: 'authz.missing_csrf_token' })),
  },
  {
    no: 29,
    name: 'GET and HEAD need none',
    world: CSRF,
    steps: ['GET', 'HEAD'].map((method) => ({ method, expect: 'allow' })),
  },
  {
    no: 30,
    name: 'GET with a token',
    world: CSRF,
    steps: [{ lines: TOKEN, expect: 'allow' }],
  },
  {
    no: 31,
    name: 'every verb with the token',
    world: CSRF,
    steps: ['GET', ...UNSAFE].map((method) => ({ method, lines: TOKEN, expect: 'allow' })),
  },
  {
    no: 32,
    name: 'an API key needs none',
    world: CSRF,
    steps: UNSAFE.map((method) => ({ method, signed: {}, expect: 'allow' })),
  },
  {
    no: 33,
    name: 'another token, or an empty one',
    world: CSRF,
    steps: [`${CSRF_TOKEN}x`, CSRF_TOKEN.toUpperCase(), ''].map((token) => ({
      method: 'POST',
      lines: [['X-CSRF-Token', token]] as const,
      expect: 'authz.csrf_token_mismatch',
    })),
  },
  {
    no: 34,
    name: 'a token is asked for before the session',
    world: CSRF,
    steps: [
      { method: 'POST', isGuest: true, expect: 'authz.missing_csrf_token' },
      { method: 'POST', isGuest: true, lines: TOKEN, expect: 'authz.csrf_token_mismatch' },
    ],
  },
  {
    no: 35,
    name: 'TRACE changes state, as every verb that is not known to be safe',
    world: CSRF,
    steps: [{ method: 'TRACE', expect: 'authz.missing_csrf_token' }],
  },
]

const BROWSER = { agent: 'another browser' }
const PLACE = { client: ELSEWHERE }

/** How a session is bound, slides and ends. */
export const LIVES: readonly Case[] = [
  { no: 45, name: 'the same browser and address', steps: [{ expect: 'allow' }] },
  { no: 46, name: 'another browser', steps: [{ ...BROWSER, expect: MISMATCH }] },
  { no: 47, name: 'another address', steps: [{ ...PLACE, expect: MISMATCH }] },
  { no: 48, name: 'both', steps: [{ ...BROWSER, ...PLACE, expect: MISMATCH }] },
  {
    no: 49,
    name: 'used thirty times, five minutes before its end each time, and then not in time',
    steps: [
      ...Array.from({ length: 30 }, (_, at) => ({
        afterMs: (at + 1) * (SESSION_MS - 300_000),
        expect: 'allow',
      })),
      { afterMs: 30 * (SESSION_MS - 300_000) + SESSION_MS + 600_000, expect: MISMATCH },
    ],
  },
  {
    no: 50,
    name: 'after a logout',
    world: { sessions: [] },
    steps: [{ expect: 'authz.invalid_session' }],
    proofs: [
      [
        'test/identity/sessions.test.ts',
        'logging out ends the session and clears the cookie; again there is none',
      ],
      [
        'test/store/sql-sessions.test.ts',
        'an ended session is gone for authorizers when the call returns, and logged',
      ],
    ],
  },
  {
    no: 51,
    name: 'after a mismatch, from where it was opened',
    steps: [{ ...BROWSER, expect: MISMATCH }, { expect: 'allow' }],
    differs: 'who has stolen a cookie must not be able to end the owner’s session with it',
  },
  {
    no: 52,
    name: 'no User-Agent at the login and none now',
    world: { sessions: [{ ...LOGIN, userAgent: '' }] },
    steps: [
      { agent: null, expect: 'allow' },
      { agent: AGENT, expect: MISMATCH },
    ],
  },
  {
    no: 53,
    name: 'its last millisecond, and the one after',
    steps: [{ afterMs: SESSION_MS - 1, expect: 'allow' }],
    proofs: [['test/core/decide.test.ts', 'a session ends at its instant, not after it']],
  },
  {
    no: 54,
    name: 'a refusal by the rules is a use of the session too',
    world: { permissions: [] },
    steps: [
      { afterMs: SESSION_MS - 1, expect: 'authz.invalid_permission' },
      { afterMs: SESSION_MS + 1, expect: 'authz.invalid_permission' },
    ],
  },
  {
    no: 55,
    name: 'IPv6: neighbours of one /64, and another /64',
    world: { sessions: [{ ...LOGIN, address: '2001:db8::1' }] },
    steps: [
      { client: '2001:db8::ffff:0:1', expect: 'allow' },
      { client: '2001:db8:0:1::1', expect: MISMATCH },
      { client: CLIENT, expect: MISMATCH },
    ],
    differs: 'a /64 is what one subscriber has: Barong asks for 96 bits, which change every day',
  },
  {
    no: 56,
    name: 'a user who is no more',
    world: { sessions: [] },
    steps: [{ expect: 'authz.invalid_session' }],
    differs: 'Barong answers 404 with a page, which a gateway takes for a fault',
  },
  {
    no: 57,
    name: 'the session’s cookie beside the headers of a key: the key counts',
    steps: [
      {
        ...{ isGuest: true, signed: { without: ['X-Auth-Nonce'] } },
        lines: [['Cookie', `_barong_session=${COOKIE}`]],
        ...{ expect: 'authz.invalid_api_key_headers', status: 422 },
      },
    ],
  },
  {
    no: 58,
    name: 'the password page with a session that is over',
    world: { sessions: [{ ...LOGIN, idleAtMs: NOW_MS }] },
    steps: [{ method: 'POST', path: LOGIN_PATH, expect: 'anyone' }],
  },
]
