import type { Address } from '../core/address.ts'
import type { Principal, Session } from '../core/principal.ts'
import { garbage } from './record.ts'

/** Columns of `users u`, for `principalOf`. */
export const PRINCIPAL_COLUMNS = `
  u.uid, u.username, u.email, u.role, u.level, u.state, u.otp,
  u.referral_id::float8 as referral_id, u.version::float8 as version`

export interface PrincipalRow {
  readonly uid: string
  readonly username: string | null
  readonly email: string
  readonly role: string
  readonly level: number
  readonly state: string
  readonly otp: boolean
  readonly referral_id: number | null
  readonly version: number
}

export function principalOf(row: PrincipalRow) {
  return {
    uid: row.uid,
    kind: 'user',
    username: row.username,
    email: row.email,
    role: row.role,
    level: row.level,
    state: row.state,
    referralId: row.referral_id,
    otp: row.otp,
    version: row.version,
  } as const satisfies Principal
}

/** Columns of `sessions s`, for `sessionOf`. */
export const SESSION_COLUMNS = `
  s.hash, s.uid, s.csrf_token, s.user_agent, s.address, s.address_words,
  s.generation::float8 as generation,
  floor(extract(epoch from s.created_at) * 1000)::float8 as created_at_ms,
  floor(extract(epoch from s.ends_at) * 1000)::float8 as ends_at_ms,
  floor(extract(epoch from s.idle_at) * 1000)::float8 as idle_at_ms`

export interface SessionRow {
  readonly hash: string
  readonly uid: string
  readonly csrf_token: string
  readonly user_agent: string
  readonly address: string
  readonly address_words: string
  readonly generation: number
  readonly created_at_ms: number
  readonly ends_at_ms: number
  readonly idle_at_ms: number
}

export function sessionOf(row: SessionRow): Session {
  return {
    hash: row.hash,
    uid: row.uid,
    csrfToken: row.csrf_token,
    userAgent: row.user_agent,
    address: readWords(row.address_words, row.address),
    createdAtMs: row.created_at_ms,
    endsAtMs: row.ends_at_ms,
    generation: row.generation,
  }
}

export function wordsOf({ family, a, b, c, d }: Address): string {
  return [family, a, b, c, d].join(' ')
}

const [BLANK, MINUS, ZERO, NINE] = [0x20, 0x2d, 0x30, 0x39] as const
const WORD_DIGITS_MAX = 10
const WORDS = 5

/** Family and four words, each a number, one blank apart. By hand: a fill reads all there are. */
function readWords(words: string, text: string): Address {
  const numbers: number[] = []
  let [value, digits, isNegative] = [0, 0, false]
  for (let at = 0; at <= words.length; at++) {
    const unit = at === words.length ? BLANK : words.charCodeAt(at)
    if (unit >= ZERO && unit <= NINE) {
      value = 10 * value + unit - ZERO
      digits += 1
    } else if (unit === MINUS && digits === 0 && !isNegative) {
      isNegative = true
    } else if (unit === BLANK && digits > 0 && digits <= WORD_DIGITS_MAX) {
      numbers.push(isNegative ? -value : value)
      ;[value, digits, isNegative] = [0, 0, false]
    } else throw garbage('an address in sessions cannot be read')
  }
  const [family, a, b, c, d] = numbers as [number, number, number, number, number]
  if (numbers.length !== WORDS || (family !== 4 && family !== 6)) {
    throw garbage('an address in sessions cannot be read')
  }
  return { family, a, b, c, d, text }
}
