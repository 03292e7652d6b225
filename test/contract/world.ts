import assert from 'node:assert/strict'
import type { DialectName } from '../../src/core/check.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { toldBy } from '../core/granted.ts'
import { type Corridor, createCorridor } from '../fuzz/decide/corridor.ts'
import { materialOf, signatureOf } from '../fuzz/decide/sign.ts'
import type { Line } from '../gateway/spellings.ts'
import { judge } from '../reference/authorize.ts'
import { createHistory } from '../reference/history.ts'
import type {
  Judgement,
  KeyRow,
  Login,
  PermissionRow,
  Person,
  Request,
  RestrictionRow,
  World,
} from '../reference/world.ts'
import type { Case, Signed, Step } from './case.ts'

export const NOW_MS = 1_700_000_000_000
export const CLIENT = '168.238.57.64'
export const AGENT = 'Mozilla/5.0 (contract)'
export const SESSION_MS = 1_800_000
export const COOKIE = 'S'.repeat(68)
export const CSRF_TOKEN = 'a'.repeat(20)
/** Of nobody, unless a row or a case says so. */
export const PATH = '/api/v2/peatio/account/balances'
export const LOGIN_PATH = '/api/v2/barong/identity/sessions'

export const PERSON: Person = {
  uid: 'ID0000000001',
  kind: 'user',
  username: null,
  email: 'somebody@app.example',
  role: 'member',
  level: 3,
  state: 'active',
  referralId: null,
  otp: true,
}

export const KEY: KeyRow = {
  kid: '61d025b8573501c2',
  uid: PERSON.uid,
  algorithm: 'HS256',
  material: materialOf('HS256', 7),
  isV1Accepted: true,
  scopes: [],
  networks: [],
  state: 'active',
  expiresAtMs: null,
}

export const LOGIN: Login = {
  id: COOKIE,
  uid: PERSON.uid,
  csrfToken: CSRF_TOKEN,
  userAgent: AGENT,
  address: CLIENT,
  endsAtMs: NOW_MS + 86_400_000,
  idleAtMs: NOW_MS + SESSION_MS,
}

/** `member ALL api/v2/x ACCEPT topic`, in Barong's own spelling of paths. */
export function rules(...texts: readonly string[]): PermissionRow[] {
  return texts.map((text, id) => {
    const [role = '', verb = '', path = '', action = '', topic] = text.split(' ')
    return { id: id + 1, role, verb, path, action, topic: topic ?? null }
  })
}

/** `blacklist ip 1.2.3.4 401 enabled` */
export function restrictions(...texts: readonly string[]): RestrictionRow[] {
  return texts.map((text, id) => {
    const [category = '', scope = '', value = '', code = '', state = 'enabled'] = text.split(' ')
    return { id: id + 1, category, scope, value, code: Number(code), state }
  })
}

export const JAPAN = '140.227.60.114'
export const BRITAIN = '196.245.163.202'

const BARONG: World = {
  cookieName: '_barong_session',
  // Off in all but the cases about it.
  isCsrfRequired: false,
  binding: 'strict',
  idleMs: SESSION_MS,
  tokenTtlMs: 3_600_000,
  issuer: 'barong',
  routes: {
    public: ['/api/v2/barong/public', '/api/v2/barong/identity', '/api/v2/peatio/public'],
    blocked: ['/api/v2/barong/management', '/api/v2/peatio/management'],
    preflight: [],
    audiences: [],
    defaultAudience: ['peatio', 'barong'],
    unrestricted: ['/api/v2/barong/identity/users/access'],
    login: [LOGIN_PATH],
  },
  permissions: rules('member ALL api/v2 ACCEPT'),
  principals: [PERSON],
  sessions: [LOGIN],
  keys: [KEY],
  restrictions: [],
  places: [
    {
      ...{ address: JAPAN, continentCode: 'as', continent: 'asia' },
      ...{ countryCode: 'jp', country: 'japan' },
    },
    {
      ...{ address: BRITAIN, continentCode: 'eu', continent: 'europe' },
      ...{ countryCode: 'gb', country: 'united kingdom' },
    },
  ],
  isPlaceKnown: true,
  isV1Once: false,
}

/** The world of a principal with this role and these rows. */
export function ofRole(role: string, ...rows: readonly string[]): Partial<World> {
  return { principals: [{ ...PERSON, role }], permissions: rules(...rows) }
}

function requestOf(step: Step): Request {
  const { method = 'GET', path = PATH, client = CLIENT, agent = AGENT, signed } = step
  const atMs = NOW_MS + (step.afterMs ?? 0)
  const lines: Line[] = []
  if (agent !== null) lines.push(['User-Agent', agent])
  if (step.isGuest !== true && signed === undefined) {
    lines.push(['Cookie', `_barong_session=${COOKIE}`])
  }
  const request = { method, target: path, host: 'app.example', client, atMs }
  if (signed !== undefined) lines.push(...signedLines(signed, request))
  return { ...request, lines: [...lines, ...(step.lines ?? [])] }
}

function signedLines(
  { nonce, signature, without = [] }: Signed,
  request: Omit<Request, 'lines'>,
): Line[] {
  const sent = nonce ?? String(request.atMs)
  const lines: Line[] = [
    ['X-Auth-Apikey', KEY.kid],
    ['X-Auth-Nonce', sent],
    ['X-Auth-Signature', signature ?? signatureOf(KEY, 1, sent, request, undefined)],
  ]
  return lines.filter(([name]) => !without.includes(name))
}

/** Asks every step of a case through one gateway: the answer must be the expected one. */
export async function assertCase({ world = {}, steps = [] }: Case, dialect: DialectName) {
  const whole = { ...BARONG, ...world }
  const corridor = createCorridor(whole)
  const history = createHistory()
  try {
    for (const step of steps) {
      const request = requestOf(step)
      const answer = await corridor.ask({ ...request, dialect })
      const judgement = judge(whole, history, request)
      assertStep(step, answer, judgement, corridor, `${dialect}: ${JSON.stringify(step)}`)
    }
  } finally {
    corridor.close()
  }
}

function assertStep(
  step: Step,
  answer: Answer,
  judgement: Judgement,
  corridor: Corridor,
  about: string,
): void {
  assert.equal(wordOf(answer), step.expect, about)
  const expected = judgement.kind === 'deny' ? judgement.reason : judgement.kind
  assert.equal(expected, step.expect, `the reference: ${about}`)
  if (answer.kind === 'deny') {
    assert.equal(answer.status, step.status ?? 401, about)
    assert.equal(answer.body, `{"errors":["${step.expect}"]}`, about)
  }
  if (step.expect === 'allow') {
    assert.equal(answer.kind === 'allow' && toldBy(answer).user, PERSON.uid)
  }
  const { activity } = step
  if (activity === undefined) return
  const written = corridor.activity(answer)
  if (activity === null) {
    assert.equal(written, undefined, about)
    return
  }
  assert.ok(written, `${about}: nothing was written down`)
  const names = Object.keys(activity) as (keyof typeof activity)[]
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, written[name]])), activity, about)
}

function wordOf(answer: Answer): string {
  if (answer.kind === 'deny') return answer.reason
  return toldBy(answer).authorization === '' ? 'anyone' : 'allow'
}
