import assert from 'node:assert/strict'

/**
 * The header lines of one check, gathered in one pass. Only names listed here are read; a name
 * that an upstream could mistake for one of ours is noted, so that the check can be refused.
 */
export interface Headers {
  /** By `AT`. Undefined: absent. Null: sent more than once where once is the rule. */
  readonly values: (string | null | undefined)[]
  linesCount: number
  /** Whether a reserved header, or an alias of one or of a header that we read, was sent. */
  hasReserved: boolean
}

/** Where each header that we read is kept. */
export const AT = {
  host: 0,
  'x-original-method': 1,
  'x-original-uri': 2,
  'x-real-ip': 3,
  'x-forwarded-method': 4,
  'x-forwarded-uri': 5,
  'x-forwarded-host': 6,
  'x-forwarded-for': 7,
  cookie: 8,
  'user-agent': 9,
  'x-csrf-token': 10,
  'x-auth-apikey': 11,
  'x-auth-nonce': 12,
  'x-auth-signature': 13,
  'content-length': 14,
  'transfer-encoding': 15,
  expect: 16,
  'x-auth-version': 17,
  'content-digest': 18,
} as const
export type HeaderName = keyof typeof AT

const PLACES: ReadonlyMap<string, number> = new Map(Object.entries(AT))
const NAMES = Object.keys(AT)

/**
 * Where a name that we read is kept, or -1. A Map would hash each name that comes, a fresh string
 * of a request, by a call of 80 ns; three numbers tell those that we read apart.
 */
function placeOf(name: string): number {
  const place = SLOTS[slotOf(name)] as number
  return place !== -1 && name === NAMES[place] ? place : -1
}

const SLOTS_COUNT = 32
function slotOf(name: string): number {
  const { length } = name
  if (length < 4) return 0
  return (length + name.charCodeAt(length - 1) * 14 + name.charCodeAt(length - 4)) % SLOTS_COUNT
}

const SLOTS = new Int8Array(SLOTS_COUNT).fill(-1)
for (const [place, name] of NAMES.entries()) {
  assert(SLOTS[slotOf(name)] === -1, `${name} has no slot of its own`)
  SLOTS[slotOf(name)] = place
}

/** How the lines of a header that may be repeated become one value; the others may not be. */
const JOINTS: readonly (string | undefined)[] = (() => {
  const joints: (string | undefined)[] = []
  joints[AT.cookie] = '; '
  joints[AT['x-forwarded-for']] = ', '
  joints[AT['user-agent']] = ', '
  return joints
})()

/** Names under which upstreams learn who the user is. No client may send them. */
export const RESERVED_NAMES = [
  'remote-user',
  'remote-groups',
  'remote-email',
  'remote-name',
  'x-remote-user',
  'x-remote-groups',
  'x-remote-email',
  'x-remote-name',
  'x-auth-user',
  'x-auth-role',
  'x-auth-uid',
  'x-forwarded-user',
  'x-forwarded-groups',
  'x-forwarded-email',
  'x-forwarded-preferred-username',
] as const
const RESERVED_PREFIXES = ['x-dvara-', 'x-authentik-'] as const
const RESERVED: ReadonlySet<string> = new Set(RESERVED_NAMES)

/** More lines than this are a malformed check; node:http alone would take thousands. */
export const HEADER_LINES_MAX = 128

export function createHeaders(): Headers {
  return { values: new Array(PLACES.size).fill(undefined), linesCount: 0, hasReserved: false }
}

/** As after `createHeaders`: what is gathered for one request is not kept beyond it. */
export function clearHeaders(headers: Headers): void {
  const { values } = headers
  // Written out: `fill` is a call of 60 ns.
  for (let place = 0; place < values.length; place++) values[place] = undefined
  headers.linesCount = 0
  headers.hasReserved = false
}

/** Adds one line; `name` in lower case. */
export function noteHeader(headers: Headers, name: string, value: string): void {
  headers.linesCount++
  const place = placeOf(name)
  if (place === -1) {
    if (isReservedHeader(name)) headers.hasReserved = true
    return
  }
  const { values } = headers
  const before = values[place]
  if (before === undefined) {
    values[place] = value
    return
  }
  const joint = JOINTS[place]
  values[place] = joint === undefined ? null : before + joint + value
}

/**
 * The value of a header that was sent exactly once, or may be repeated; otherwise undefined.
 * `place` is one of `AT`, named where it is read, so that V8 knows it there.
 */
export function readHeader(headers: Headers, place: number): string | undefined {
  return headers.values[place] ?? undefined
}

/** As `readHeader`, but `repeated` in place of a value that was sent more than once. */
export function readLenient(headers: Headers, place: number, repeated: string): string | undefined {
  const value = headers.values[place]
  return value === null ? repeated : value
}

/** Whether the head announces a body. */
export function hasBody(headers: Headers): boolean {
  const length = headers.values[AT['content-length']]
  if (length !== undefined && length !== '' && length !== '0') return true
  return headers.values[AT['transfer-encoding']] !== undefined
}

/**
 * Whether a name that we do not read is reserved. Upstreams fold `_`, `.` and space into one
 * another (CGI does), so an alias counts as the header itself: `X_Dvara_User`, `X.Auth.User`,
 * `x_original_uri`. A client's plain Authorization is not reserved: ours overwrites it.
 */
export function isReservedHeader(name: string): boolean {
  // Most lines of a browser end here: Accept, Sec-Fetch-Mode, If-None-Match.
  if (INITIALS[name.charCodeAt(0) & 0x7f] === 0) return false
  let canonical = name
  if (hasSeparator(name)) {
    canonical = name.replace(/[_. ]/g, '-')
    if (PLACES.has(canonical)) return true
  }
  if (RESERVED.has(canonical)) return true
  return RESERVED_PREFIXES.some((prefix) => canonical.startsWith(prefix))
}

/** 1 for the first characters of names that are read or reserved: an alias begins as they do. */
const INITIALS = new Uint8Array(128)
for (const name of [...PLACES.keys(), ...RESERVED_NAMES, ...RESERVED_PREFIXES]) {
  INITIALS[name.charCodeAt(0)] = 1
}
// Folded into a hyphen: no name begins with one, so these are looked at as before.
for (const separator of '_. ') INITIALS[separator.charCodeAt(0)] = 1

function hasSeparator(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code === 0x5f || code === 0x2e || code === 0x20) return true
  }
  return false
}
