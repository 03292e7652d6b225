import { STATUS_CODES } from 'node:http'
import { REASONS, type Reason } from '../core/reason.ts'
import { type Deny, deny, type Grant } from '../core/verdict.ts'
import { RESERVED_NAMES } from './headers.ts'

/** A whole reply, ready to be written. The engine adds the length and the date. */
export interface Reply {
  readonly status: number
  /** `403 Forbidden` */
  readonly statusLine: string
  /** Names and values in turn. */
  readonly headers: readonly (string | Uint8Array)[]
  readonly body: Uint8Array
  /** What was made of the headers, once (head-bytes.ts): the first one's name, and all the rest. */
  name?: Uint8Array | undefined
  named?: Uint8Array | undefined
}

/** What an allow tells the upstream. A gateway must overwrite a client's own with these. */
export const IDENTITY_HEADERS = ['Authorization', 'X-Dvara-User', 'X-Dvara-Role'] as const

const NOTHING = new Uint8Array(0)
const NO_STORE = ['Cache-Control', 'no-store'] as const

/**
 * A 401 must say how to authenticate (RFC 9110 §11.6.1). No browser knows this scheme, so none
 * opens its password dialogue.
 */
const CHALLENGE = ['WWW-Authenticate', 'Cookie realm="dvara"'] as const

/**
 * Envoy shows us only the headers on its allow-list, so the reserved ones may be there unseen;
 * it removes those named here from the request that the upstream gets.
 */
const ENVOY_REMOVE = ['x-envoy-auth-headers-to-remove', RESERVED_NAMES.join(', ')] as const

const UNPRINTABLE = /[^\x20-\x7e]/

/** Exactly 200, no body, each identity header once. Undefined if a value cannot be written. */
export const wordAllow = rememberByGrant(wordFreshAllow)

/** As `wordAllow`, and tells Envoy which of the client's headers to drop. */
export const wordEnvoyAllow = rememberByGrant((grant) => {
  const reply = wordFreshAllow(grant)
  if (reply === undefined) return undefined
  return { ...reply, headers: [...reply.headers, ...ENVOY_REMOVE] }
})

type Word = (grant: Grant) => Reply | undefined

/** The reply of a grant, which keeps it. A copy of that grant is not that grant. */
interface WordedAllow extends Reply {
  readonly grant: Grant
  readonly by: Word
}

/**
 * A grant is handed out again for half a token's life: it is examined and worded once, and
 * forgotten with it. It keeps its reply itself, as a WeakMap hashes for each request. Only what
 * could be worded is remembered.
 */
function rememberByGrant(word: Word): Word {
  return function wordOnce(grant) {
    const before = grant.worded as WordedAllow | undefined
    if (before !== undefined && before.grant === grant && before.by === word) return before
    const reply = word(grant)
    if (reply === undefined) return undefined
    const { status, statusLine, headers, body } = reply
    const worded: WordedAllow = {
      // A property that is added later lies elsewhere in memory.
      named: undefined,
      name: undefined,
      grant,
      by: word,
      statusLine,
      body,
      status,
      headers,
    }
    grant.worded = worded
    return worded
  }
}

function wordFreshAllow(grant: Grant): Reply | undefined {
  const { authorization, user, role } = grant
  if (!isWritable(authorization) || !isWritable(user) || !isWritable(role)) return undefined
  const [first, second, third] = IDENTITY_HEADERS
  const headers = [first, authorization, second, user, third, role, ...NO_STORE]
  return { status: 200, statusLine: '200 OK', headers, body: NOTHING }
}

/**
 * Printable ASCII without a space at its ends. Anything else could end its line, or would be
 * spelled differently by the engines: uWebSockets.js writes what it is given, as UTF-8; node:http
 * refuses it, or writes latin1.
 */
function isWritable(value: string | Uint8Array): boolean {
  // Bytes come from the signer, which writes base64url and nothing else.
  if (typeof value !== 'string') return true
  if (value.charCodeAt(0) === 0x20 || value.charCodeAt(value.length - 1) === 0x20) return false
  return !UNPRINTABLE.test(value)
}

export type WordDeny = (denial: Deny) => Reply

/** Every denial in its own status. */
export const wordNativeDeny: WordDeny = rememberByDenial((status) => status)

/** nginx turns every status but 401 and 403 into a 500; the true one is in X-Auth-Status. */
export const wordNginxDeny: WordDeny = rememberByDenial((status) => (status === 401 ? 401 : 403))

/** A small JSON reply for what is not a check. */
export function wordNotFound(body: string): Reply {
  return wordJson(404, [...NO_STORE], body)
}

/** The public keys, for `maxAgeS` seconds in anybody's cache. */
export function wordJwks(keys: { body: Uint8Array | string; maxAgeS: number }): Reply {
  return wordJson(200, ['Cache-Control', `public, max-age=${keys.maxAgeS}`], keys.body)
}

/**
 * Denials are constants: one for each reason, worded here, and one for each restriction, worded
 * when it first refuses and forgotten with its policy.
 */
function rememberByDenial(wordStatus: (status: number) => number): WordDeny {
  const known = new WeakMap<Deny, Reply>()
  for (const reason of Object.keys(REASONS) as Reason[]) {
    known.set(deny(reason), wordDenial(deny(reason), wordStatus))
  }
  return function wordOnce(denial) {
    const before = known.get(denial)
    if (before !== undefined) return before
    if (!isDenial(denial)) return wordOnce(deny('authz.unavailable'))
    const reply = wordDenial(denial, wordStatus)
    known.set(denial, reply)
    return reply
  }
}

/** Whatever else came where a denial belongs must not become an answer that a gateway misreads. */
function isDenial({ reason, status }: Deny): boolean {
  return Object.hasOwn(REASONS, reason) && status >= 400 && status < 500
}

function wordDenial(denial: Deny, wordStatus: (status: number) => number): Reply {
  const status = wordStatus(denial.status)
  const headers: string[] = [...NO_STORE, 'X-Auth-Reason', denial.reason]
  headers.push('X-Auth-Status', String(denial.status))
  if (denial.retryAfterS > 0) headers.push('Retry-After', String(denial.retryAfterS))
  if (status === 401) headers.push(...CHALLENGE)
  return wordJson(status, headers, denial.body)
}

function wordJson(status: number, headers: string[], body: Uint8Array | string): Reply {
  return {
    status,
    statusLine: `${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    headers: [...headers, 'Content-Type', 'application/json'],
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  }
}
