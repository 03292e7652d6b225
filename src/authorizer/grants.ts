import type { Rememberable } from '../cache/table.ts'
import { wordIdentity } from '../core/identity-lines.ts'
import type { Facts, Session } from '../core/principal.ts'
import type { Grant } from '../core/verdict.ts'
import { lifetimeOf } from '../crypto/lifetime.ts'
import type { Holder, Mint } from './mint.ts'

/**
 * A grant and how long it may be handed out again. One object for both: with thousands of sessions
 * in turn what a hit costs is mostly what it has to fetch from memory.
 */
interface MemoizedGrant extends Grant {
  /** By identity: a policy read anew brings new lists, and with them new tokens. */
  readonly audience: readonly string[]
  readonly kid: string
  readonly mintedAtMs: number
  /** Handed out again up to this age. V8 keeps small whole numbers in place, instants apart. */
  readonly reuseMs: number
  /** From this age on a slow key signs its successor, so that nobody has to wait for it. */
  readonly renewMs: number
}

/** A grant that is being signed: who asks for the same meanwhile waits for it. */
interface ComingGrant {
  readonly audience: readonly string[]
  readonly kid: string
  readonly grant: Promise<Grant>
}

/**
 * What grants are made from, and those that were. A grant dies with its entry, so a logout takes
 * the tokens' memo along.
 */
export interface Granted extends Holder {
  /** The one that was handed out last: mostly the one that is asked for. */
  latest: MemoizedGrant | undefined
  /** Of other audiences, at most GRANTS_MAX with the latest. */
  others: MemoizedGrant[]
  coming: readonly ComingGrant[]
}

/** Of most entries: an array that was pushed into once has room for seventeen, 150 bytes. */
export const NONE: never[] = []

/**
 * What is remembered of one session: its facts, when they were read, and its grants. It is the
 * credential too, as `readCredential` reads it of the cookie: there may be a million of these.
 */
export interface Entry extends Facts, Granted, Rememberable {
  readonly kind: 'session'
  readonly session: Session
  readonly loadedAtMs: number
  /** When its use was last reported to the store; never before that. */
  touchedAtMs: number
}

/** Audiences remembered of one session; beyond them one is minted again. */
export const GRANTS_MAX = 8

/** `id` is the cookie's value. */
export function createEntry(id: string, facts: Facts, nowMs: number): Entry {
  // What a hit looks at stands first.
  return {
    id,
    session: facts.session,
    principal: facts.principal,
    latest: undefined,
    bornAtMs: 0,
    idleAtMs: facts.idleAtMs,
    touchedAtMs: nowMs,
    kind: 'session',
    loadedAtMs: nowMs,
    others: NONE,
    coming: NONE,
    said: undefined,
  }
}

export interface GrantOptions {
  /** A signed token for the upstream, valid from now for `lifetimeMs` or until the session ends. */
  readonly mint: Mint
  /** The kid that signs now. */
  readonly kid: () => string
  /** Whether signing takes so long that a token is renewed before it is needed. */
  readonly isSlow: () => boolean
  readonly lifetimeMs: number
  /** Whether a token may be handed out again during the first half of its life. */
  readonly isMemoized: boolean
  /** Told for each grant whether its token was signed for it. */
  readonly onGrant: (isFresh: boolean) => void
}

/**
 * The grant for one allowed request. A memoized one is there at once, for a short scan and four
 * comparisons; a fresh one is signed at the end of this turn with whatever else is. Rejects if it
 * cannot be signed.
 */
export type MakeGrant = (
  entry: Granted,
  audience: readonly string[],
  nowMs: number,
) => Grant | Promise<Grant>

/** The part of a token's first half that is over when a slow key begins to sign the next. */
const RENEW_AFTER = 0.75

export function createGrants(options: GrantOptions): MakeGrant {
  const { kid, isSlow, isMemoized, onGrant } = options

  return function makeGrant(entry, audience, nowMs) {
    if (!isMemoized) {
      onGrant(true)
      return mintGrant(options, entry, audience, nowMs)
    }
    const known = findGrant(entry, audience, kid(), nowMs)
    onGrant(known === undefined)
    if (known === undefined) return comingGrant(options, entry, audience, nowMs)
    if (nowMs - known.mintedAtMs >= known.renewMs && isSlow())
      renew(options, entry, audience, nowMs)
    return known
  }
}

function findGrant(
  entry: Granted,
  audience: readonly string[],
  kid: string,
  nowMs: number,
): MemoizedGrant | undefined {
  const { latest } = entry
  if (latest !== undefined && isReusable(latest, audience, kid, nowMs)) return latest
  const { others } = entry
  // Not by an iterator, which V8 would make for each hit.
  for (let at = 0; at < others.length; at++) {
    const known = others[at] as MemoizedGrant
    if (!isReusable(known, audience, kid, nowMs)) continue
    if (latest !== undefined) others[at] = latest
    entry.latest = known
    return known
  }
  return undefined
}

async function mintGrant(
  { mint }: GrantOptions,
  bearer: Holder,
  audience: readonly string[],
  nowMs: number,
): Promise<Grant> {
  const authorization = await mint(bearer, audience, nowMs)
  const { uid, role } = bearer.principal
  return { kind: 'allow', lines: wordIdentity(authorization, uid, role) }
}

/** Signed once for all who ask while it is signed, and remembered. */
function comingGrant(
  options: GrantOptions,
  entry: Granted,
  audience: readonly string[],
  nowMs: number,
): Promise<Grant> {
  const kid = options.kid()
  const known = entry.coming.find((one) => one.audience === audience && one.kid === kid)
  if (known !== undefined) return known.grant
  const grant = mintMemoized(options, entry, { audience, kid }, nowMs)
  const coming = { audience, kid, grant }
  entry.coming = [...entry.coming, coming]
  const leave = () => {
    entry.coming = unlessEmpty(entry.coming.filter((one) => one !== coming))
  }
  grant.then(leave, leave)
  return grant
}

/** A renewal that fails is no harm: the token at hand is good, and the next asker tries again. */
function renew(
  options: GrantOptions,
  entry: Granted,
  audience: readonly string[],
  nowMs: number,
): void {
  comingGrant(options, entry, audience, nowMs).catch(() => {})
}

async function mintMemoized(
  options: GrantOptions,
  entry: Granted,
  { audience, kid }: Pick<MemoizedGrant, 'audience' | 'kid'>,
  mintedAtMs: number,
): Promise<Grant> {
  const { lines } = await mintGrant(options, entry, audience, mintedAtMs)
  const { expiresAtS } = lifetimeOf({
    ...{ nowMs: mintedAtMs, ttlMs: options.lifetimeMs, endsAtMs: entry.session.endsAtMs },
  })
  const halfMs = (expiresAtS * 1000 - mintedAtMs) / 2
  // Not by spreading: V8 would see more shapes of them than it looks for, at each hit.
  const made: MemoizedGrant = {
    kind: 'allow',
    audience,
    kid,
    mintedAtMs,
    reuseMs: Math.floor(halfMs),
    renewMs: Math.ceil(halfMs * RENEW_AFTER),
    lines,
  }
  remember(entry, made)
  return made
}

/** What nobody would be given again makes room: a policy read anew brings other audiences. */
function remember(entry: Granted, made: MemoizedGrant): void {
  const before = entry.latest === undefined ? entry.others : [...entry.others, entry.latest]
  const others = before.filter(
    (one) =>
      one.audience !== made.audience && isReusable(one, one.audience, made.kid, made.mintedAtMs),
  )
  entry.others = unlessEmpty(others.slice(-(GRANTS_MAX - 1)))
  entry.latest = made
}

function unlessEmpty<T>(list: T[]): T[] {
  return list.length === 0 ? NONE : list
}

/** A clock set back would make an old token young: then it is minted anew. */
function isReusable(
  known: MemoizedGrant,
  audience: readonly string[],
  kid: string,
  nowMs: number,
): boolean {
  if (known.audience !== audience) return false
  const ageMs = nowMs - known.mintedAtMs
  return ageMs < known.reuseMs && ageMs >= 0 && known.kid === kid
}
