import type { Session } from '../../src/core/principal.ts'
import { sha256Base64url } from '../../src/crypto/digest.ts'
import { addressOf } from '../core/facts.ts'
import { createSubject, type Subject } from './checks.ts'
import type { View } from './postgres.ts'
import type { Random } from './random.ts'

/** Wall time at the begin of every history. */
export const WALL_MS = 1_700_000_000_000
const DAY_MS = 86_400_000
/** How long a session may lie idle. */
export const IDLE_MS = 3_600_000

export interface Person {
  readonly uid: string
  readonly subject: Subject
}
export interface Login {
  readonly cookie: string
  readonly hash: string
  readonly owner: Person
  readonly subject: Subject
}
export interface Key {
  readonly kid: string
  readonly owner: Person
  readonly subject: Subject
}
export interface Area {
  readonly path: string
  readonly subject: Subject
}

/** Who and what there is in one history. Grows with each sign-in. */
export interface Cast {
  readonly people: readonly Person[]
  readonly logins: Login[]
  readonly keys: readonly Key[]
  readonly areas: readonly Area[]
  readonly subjects: Subject[]
  /** A login that is not there yet. */
  addLogin(owner: Person): Login
}

const ADDRESS = addressOf('198.51.100.9')
const HASHES = new Map<string, string>()

/** The same names come back in every history. */
function hashOf(cookie: string): string {
  const known = HASHES.get(cookie) ?? sha256Base64url(cookie)
  HASHES.set(cookie, known)
  return known
}

export function createCast(random: Random, view: View): Cast {
  const subjects: Subject[] = []
  const made = (kind: Subject['kind'], name: string, openAtMs: number) => {
    const subject = createSubject(kind, name, openAtMs)
    subjects.push(subject)
    return subject
  }
  const people = Array.from({ length: 4 + random.below(5) }, (_, at) => {
    const uid = `ID${String(at + 1).padStart(10, '0')}`
    return { uid, subject: made('user', uid, 0) }
  })
  const areas = Array.from({ length: 4 }, (_, at) => {
    return { path: `/api/area${at}`, subject: made('area', `area ${at}`, 0) }
  })
  const logins: Login[] = []
  function addLogin(owner: Person, openAtMs = Number.POSITIVE_INFINITY): Login {
    const name = `session${logins.length}`
    const cookie = name.padEnd(68, 'S')
    const login = { cookie, hash: hashOf(cookie), owner, subject: made('session', name, openAtMs) }
    logins.push(login)
    return login
  }
  for (const { uid } of people) putPerson(view, uid)
  for (let count = 8 + random.below(10); count > 0; count--) {
    const login = addLogin(random.pick(people), 0)
    putLogin(view, sessionOf(login, 0))
  }
  const keys = Array.from({ length: 3 }, (_, at) => {
    const owner = random.pick(people)
    const kid = `key${at}`
    putKey(view, kid, owner.uid)
    return { kid, owner, subject: made('key', kid, 0) }
  })
  view.put('epoch', '', { n: 0 })
  view.put('policyVersion', '', { version: 1 })
  const rule = { role: 'member', verb: 'ALL', path: '/api', action: 'ACCEPT', topic: null }
  view.put('permissions', '0', { id: 0, ...rule })
  return { people, logins, keys, areas, subjects, addLogin: (owner) => addLogin(owner) }
}

// Written out, here and below: V8 makes an object out of parts four times as slowly.
export function sessionOf(login: Login, generation: number): Session {
  return {
    hash: login.hash,
    uid: login.owner.uid,
    csrfToken: 'csrf',
    userAgent: 'agent',
    address: ADDRESS,
    createdAtMs: WALL_MS,
    endsAtMs: WALL_MS + DAY_MS,
    generation,
  }
}

function putPerson(view: View, uid: string): void {
  view.put('users', uid, {
    uid,
    username: null,
    email: `${uid}@app.example`,
    role: 'member',
    level: 1,
    state: 'active',
    otp: true,
    referral_id: null,
    version: 1,
    generation: 0,
    id: 1,
    password_digest: '',
    referral_uid: null,
    data: null,
    created_at_ms: 0,
    updated_at_ms: 0,
  })
}

const ADDRESS_WORDS = [ADDRESS.family, ADDRESS.a, ADDRESS.b, ADDRESS.c, ADDRESS.d].join(' ')

function putLogin(view: View, session: Session): void {
  view.put('sessions', session.hash, {
    hash: session.hash,
    uid: session.uid,
    csrf_token: session.csrfToken,
    user_agent: session.userAgent,
    address: session.address.text,
    address_words: ADDRESS_WORDS,
    generation: session.generation,
    ended_at: null,
    created_at_ms: session.createdAtMs,
    ends_at_ms: session.endsAtMs,
    idle_at_ms: WALL_MS + IDLE_MS,
  })
}

function putKey(view: View, kid: string, uid: string): void {
  view.put('keys', kid, {
    kid,
    key_uid: uid,
    algorithm: 'EdDSA',
    material: '00',
    is_v1_accepted: false,
    scopes: '[]',
    networks: '[]',
    key_state: 'active',
    expires_at_ms: null,
    rate_per_second: null,
    rate_burst: null,
    key_version: 1,
    created_at_ms: 0,
    updated_at_ms: 0,
  })
}
