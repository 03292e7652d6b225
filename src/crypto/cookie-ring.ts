import { timingSafeEqual } from 'node:crypto'
import type { BlakeKey, BlakeKeys } from './blake.ts'
import { loadCookieKeys } from './cookie-key-file.ts'
import { KeyringError } from './key-file.ts'
import { byState } from './keys.ts'

/** 256 random bits in base64url. */
const ID_CHARS = 43
/** Of the MAC's 43 characters so many stand in the cookie: 144 bits. */
const MAC_CHARS = 24
/** The id, the first character of the key's kid, the MAC: base64url of 51 bytes. */
export const SEALED_CHARS = ID_CHARS + 1 + MAC_CHARS
const ID = /^[\w-]{43}$/
const SEALED = /^[\w-]{68}$/
/** What else these keys may seal one day is then no session. */
const PURPOSE = 'dvara session '

/** The keys that seal session cookies, so that nobody can make one up. */
export interface CookieRing {
  /** The cookie of a secret id. Throws a KeyringError while there is no key. */
  seal(secretId: string): string
  /** Whether a key of the ring sealed this very value; takes the same time whatever it is. */
  isSealed(cookie: string): boolean
  /** Whether there is no key at all yet: no cookie is ours. */
  isEmpty(): boolean
  /** Reads the directory again; a ring that cannot be used leaves the old one in place. */
  reload(): Promise<{ ok: true } | { ok: false; problem: string }>
}

interface Ring {
  readonly keys: ReadonlyMap<string, BlakeKey>
  /** The kid that seals. */
  readonly active: string | undefined
}

/**
 * Opens the cookie keys of a directory, which may have none yet. Throws a KeyringError that names
 * the file and the remedy if a key is unfit or none may seal.
 */
export async function openCookieRing(options: {
  directory: string
  blakeKeys: BlakeKeys
}): Promise<CookieRing> {
  const { directory, blakeKeys } = options
  let ring = await loadRing(directory, blakeKeys, { keys: new Map(), active: undefined })
  let byHint = hintsOf(ring)

  return {
    seal(secretId) {
      const key = ring.active === undefined ? undefined : ring.keys.get(ring.active)
      if (key === undefined || ring.active === undefined) throw emptyError(directory)
      if (!ID.test(secretId)) throw new RangeError('A secret id is 43 base64url characters.')
      const head = secretId + ring.active.charAt(0)
      return head + macOf(key, head)
    },
    isSealed(cookie) {
      if (!SEALED.test(cookie)) return false
      const own = byHint.get(cookie.charAt(ID_CHARS))
      // A key that is not there takes as long as one that is.
      const key = own ?? byHint.values().next().value
      if (key === undefined) return false
      const mac = macOf(key, cookie.slice(0, ID_CHARS + 1))
      const isRight = isSameText(mac, cookie.slice(ID_CHARS + 1))
      return isRight && own !== undefined
    },
    isEmpty: () => ring.active === undefined,
    async reload() {
      try {
        ring = await loadRing(directory, blakeKeys, ring)
        byHint = hintsOf(ring)
        return { ok: true }
      } catch (error) {
        if (!(error instanceof KeyringError)) throw error
        return { ok: false, problem: error.message }
      }
    },
  }
}

/** Prepares what is new, and wipes what is gone only when the whole ring is known to be good. */
async function loadRing(directory: string, blakeKeys: BlakeKeys, before: Ring): Promise<Ring> {
  const found = (await loadCookieKeys(directory)).sort(byState)
  const [first] = found
  if (first === undefined) {
    if (before.active !== undefined) throw emptyError(directory)
    return before
  }
  if (first.state !== 'active') {
    throw new KeyringError(`${directory} holds no active cookie key: run dvara keys rotate`)
  }
  const keys = new Map<string, BlakeKey>()
  for (const { kid, secret } of found) {
    keys.set(kid, before.keys.get(kid) ?? blakeKeys.prepare(secret))
    secret.fill(0)
  }
  for (const [kid, key] of before.keys) if (!keys.has(kid)) key.forget()
  return { keys, active: first.kid }
}

function emptyError(directory: string): KeyringError {
  return new KeyringError(`${directory} holds no cookie key: run dvara keys generate --cookie`)
}

function hintsOf({ keys }: Ring): ReadonlyMap<string, BlakeKey> {
  return new Map([...keys].map(([kid, key]) => [kid.charAt(0), key]))
}

/** The whole MAC is 43 characters of base64url; its first 24 are exactly its first 18 bytes. */
function macOf(key: BlakeKey, head: string): string {
  return key.signText(PURPOSE + head).slice(0, MAC_CHARS)
}

function isSameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')]
  return left.length === right.length && timingSafeEqual(left, right)
}
