import type { Check, PresentedApiKey } from './check.ts'

/** What versions of the signing protocol there are: Barong's, and ours. */
export type SigningVersion = 1 | 2

/** A key's request whose headers are whole; whether any of it is true is not known yet. */
export interface SignedRequest {
  readonly version: SigningVersion
  readonly kid: string
  readonly nonce: string
  readonly signature: string
  /** The bytes that the signature must be over, as text: ASCII in version 2. */
  readonly form: string
}

/** Which protocol and what for: a signature made for anything else begins otherwise. */
const LABEL = 'dvara-apikey-2'

/** Longer ones are none that we issued. */
const KID = /^[A-Za-z0-9_-]{1,64}$/

/** Milliseconds of the epoch from 2001 to 2286: any other spelling could be read in two ways. */
const NONCE_CHARS = 13

/** A field value of RFC 9110 §5.5 in ASCII; some digests of RFC 9530 take 100 characters each. */
const DIGEST = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/

const DIGITS = /^[ \t\n\v\f\r]*([+-]?)([0-9]+(?:_[0-9]+)*)/

/** Whether an id can be one of ours: any other is never asked of a store. */
export function isKid(text: string): boolean {
  return KID.test(text)
}

/**
 * The request as its key signed it; `incomplete` if a header is missing, blank, repeated or
 * unreadable, `unknown version` if X-Auth-Version names none that we speak.
 */
export function readSignedRequest(
  check: Check,
  presented: PresentedApiKey,
): SignedRequest | 'incomplete' | 'unknown version' {
  const { kid, nonce, signature, version, contentDigest } = presented
  if (isBlank(kid) || isBlank(nonce) || isBlank(signature) || version === null) return 'incomplete'
  if (version === undefined || version === '1') {
    return { version: 1, kid, nonce, signature, form: nonce + kid }
  }
  if (version !== '2') return 'unknown version'
  if (contentDigest === null) return 'incomplete'
  if (contentDigest !== undefined && !DIGEST.test(contentDigest)) return 'incomplete'
  const { method, host, path, query } = check
  const target = query === '' ? path : `${path}?${query}`
  const form = formOf({ kid, nonce, method, host, target, contentDigest })
  return { version: 2, kid, nonce, signature, form }
}

function isBlank(value: string | undefined): value is undefined {
  if (value === undefined) return true
  // Nearly all begin with something: then there is no need to look for white space.
  const first = value.charCodeAt(0)
  return !(first > 0x20 && first < 0x7f) && value.trim() === ''
}

/** What version 2 signs, field for field. */
export interface SignedFields {
  readonly kid: string
  readonly nonce: string
  readonly method: string
  /** Lower case, without port. */
  readonly host: string
  /** Path, and behind a `?` the query where it is not empty. */
  readonly target: string
  readonly contentDigest: string | undefined
}

/**
 * The fields as netstrings, each `<length>:<text>,`: no two requests have the same form. An
 * absent digest is a `-`, which no netstring begins with. Lengths are of ASCII text.
 */
export function formOf(fields: SignedFields): string {
  const { kid, nonce, method, host, target, contentDigest } = fields
  const caller = FIRST + next(kid) + kid + next(nonce) + nonce
  const asked = next(method) + method + next(host) + host + next(target) + target
  const digest = contentDigest === undefined ? ',-' : `${next(contentDigest)}${contentDigest},`
  return caller + asked + digest
}

/** The end of the netstring before, and the beginning of this one's. */
function next(text: string): string {
  return NEXT[text.length] ?? `,${text.length}:`
}

/** Spelt beforehand, and few pieces: to spell lengths and join pieces was half of a form's time. */
const NEXT: readonly string[] = Array.from({ length: 2_048 }, (_, length) => `,${length}:`)
const FIRST = `${LABEL.length}:${LABEL}`

/**
 * The instant that a nonce names, in milliseconds; undefined if it names none. Version 2 knows
 * one spelling. Version 1 reads as Barong does: what begins with digits counts up to where they
 * end, behind blanks and a sign, with single underscores between them.
 */
export function readNonceMs({ version, nonce }: SignedRequest): number | undefined {
  // Nearly all are spelled so, and both versions read it alike.
  const spelledMs = readSpelledNonce(nonce)
  if (spelledMs !== -1 || version === 2) return spelledMs === -1 ? undefined : spelledMs
  const [, sign, digits] = DIGITS.exec(nonce) ?? []
  if (digits === undefined || sign === '-') return undefined
  const nonceMs = Number(digits.replaceAll('_', ''))
  return nonceMs > 0 ? nonceMs : undefined
}

/** Thirteen digits, the first of them no zero; or -1. Half of what a pattern and Number() take. */
function readSpelledNonce(nonce: string): number {
  if (nonce.length !== NONCE_CHARS || nonce.charCodeAt(0) === 0x30) return -1
  let value = 0
  for (let at = 0; at < NONCE_CHARS; at++) {
    const digit = nonce.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}
