import type { Facts } from '../core/principal.ts'
import type { Grant } from '../core/verdict.ts'
import { lifetimeOf } from '../crypto/lifetime.ts'

/** A grant and how long it may be handed out again. */
interface MemoizedGrant {
  readonly grant: Grant
  /** By identity: a policy read anew brings new lists, and with them new tokens. */
  readonly audience: readonly string[]
  readonly kid: string
  readonly mintedAtMs: number
  readonly reuseUntilMs: number
}

/**
 * What is remembered of one session: its facts, when they were read, and the grants made from
 * them. A grant dies with its entry, so a logout takes the tokens' memo along.
 */
export interface Entry {
  readonly facts: Facts
  readonly loadedAtMs: number
  /** One for each audience that was asked for, at most GRANTS_MAX. */
  readonly grants: MemoizedGrant[]
  /** When its use was last reported to the store; never before that. */
  touchedAtMs: number
}

/** Audiences remembered of one session; beyond them the oldest is minted again. */
export const GRANTS_MAX = 8

export function createEntry(facts: Facts, nowMs: number): Entry {
  return { facts, loadedAtMs: nowMs, grants: [], touchedAtMs: nowMs }
}

export interface GrantOptions {
  /** A signed token for the upstream, valid from now for `lifetimeMs` or until the session ends. */
  readonly mint: (facts: Facts, audience: readonly string[], nowMs: number) => string
  /** The kid that signs now. */
  readonly kid: () => string
  readonly lifetimeMs: number
  /** Whether a token may be handed out again during the first half of its life. */
  readonly isMemoized: boolean
  /** Told for each grant whether its token was signed for it. */
  readonly onGrant: (isFresh: boolean) => void
}

/** The grant for one allowed request; a memoized one costs a short scan and four comparisons. */
export type MakeGrant = (entry: Entry, audience: readonly string[], nowMs: number) => Grant

export function createGrants(options: GrantOptions): MakeGrant {
  const { mint, kid, lifetimeMs, isMemoized, onGrant } = options

  function remember(entry: Entry, grant: Grant, audience: readonly string[], nowMs: number): void {
    const { expiresAtS } = lifetimeOf({
      nowMs,
      ttlMs: lifetimeMs,
      endsAtMs: entry.facts.session.endsAtMs,
    })
    const { grants } = entry
    const known = grants.findIndex((one) => one.audience === audience)
    if (known !== -1) grants.splice(known, 1)
    else if (grants.length === GRANTS_MAX) grants.shift()
    const reuseUntilMs = nowMs + (expiresAtS * 1000 - nowMs) / 2
    grants.push({ grant, audience, kid: kid(), mintedAtMs: nowMs, reuseUntilMs })
  }

  return function makeGrant(entry, audience, nowMs) {
    for (const known of entry.grants) {
      if (known.audience !== audience || !isReusable(known, kid(), nowMs)) continue
      onGrant(false)
      return known.grant
    }
    const { principal } = entry.facts
    const grant: Grant = {
      kind: 'allow',
      authorization: `Bearer ${mint(entry.facts, audience, nowMs)}`,
      user: principal.uid,
      role: principal.role,
    }
    onGrant(true)
    if (isMemoized) remember(entry, grant, audience, nowMs)
    return grant
  }
}

/** A clock set back would make an old token young: then it is minted anew. */
function isReusable(known: MemoizedGrant, kid: string, nowMs: number): boolean {
  return nowMs < known.reuseUntilMs && nowMs >= known.mintedAtMs && known.kid === kid
}
