import type { Facts } from '../core/principal.ts'
import type { Grant } from '../core/verdict.ts'

/** A grant and how long it may be handed out again. */
interface MemoizedGrant {
  readonly grant: Grant
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
  /** By audience index; holes where none was minted. */
  readonly grants: (MemoizedGrant | undefined)[]
  /** When its use was last reported to the store; never before that. */
  touchedAtMs: number
}

export function createEntry(facts: Facts, nowMs: number): Entry {
  return { facts, loadedAtMs: nowMs, grants: [], touchedAtMs: nowMs }
}

export interface GrantOptions {
  /** A signed token for the upstream, valid from now for `lifetimeMs` or until the session ends. */
  readonly mint: (facts: Facts, audienceIndex: number, nowMs: number) => string
  /** The kid that signs now. */
  readonly kid: () => string
  readonly lifetimeMs: number
  /** Whether a token may be handed out again during the first half of its life. */
  readonly isMemoized: boolean
  /** Told for each grant whether its token was signed for it. */
  readonly onGrant: (isFresh: boolean) => void
}

/** The grant for one allowed request; a memoized one costs an array read and two comparisons. */
export type MakeGrant = (entry: Entry, audienceIndex: number, nowMs: number) => Grant

export function createGrants(options: GrantOptions): MakeGrant {
  const { mint, kid, lifetimeMs, isMemoized, onGrant } = options

  return function makeGrant(entry, audienceIndex, nowMs) {
    const known = entry.grants[audienceIndex]
    if (known !== undefined && isReusable(known, kid(), nowMs)) {
      onGrant(false)
      return known.grant
    }
    const { principal, session } = entry.facts
    const grant: Grant = {
      kind: 'allow',
      authorization: `Bearer ${mint(entry.facts, audienceIndex, nowMs)}`,
      user: principal.uid,
      role: principal.role,
    }
    onGrant(true)
    if (isMemoized) {
      const lifeMs = Math.min(lifetimeMs, session.endsAtMs - nowMs)
      const reuseUntilMs = nowMs + lifeMs / 2
      entry.grants[audienceIndex] = { grant, kid: kid(), mintedAtMs: nowMs, reuseUntilMs }
    }
    return grant
  }
}

/** A clock set back would make an old token young: then it is minted anew. */
function isReusable(known: MemoizedGrant, kid: string, nowMs: number): boolean {
  return nowMs < known.reuseUntilMs && nowMs >= known.mintedAtMs && known.kid === kid
}
