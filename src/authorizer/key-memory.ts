import { nameOf } from '../cache/ring.ts'
import { createTable, type Rememberable, type Table } from '../cache/table.ts'
import { compileKey, type KeyFacts, type UsableKey } from '../core/api-key.ts'
import type { RequestVerifier, RequestVerifiers } from '../crypto/request-verifier.ts'
import { type Granted, NONE } from './grants.ts'

/** What is remembered of one API key: all that its requests need, prepared. */
export interface KeyEntry extends Granted, Rememberable {
  readonly usable: UsableKey
  readonly verifier: RequestVerifier
  /** Once true, the verifier's room may be another key's. */
  isForgotten: boolean
}

/** That there is no such key, so that a stranger's guesses do not reach the store each time. */
export type NoKey = Rememberable

/** The keys that one authorizer knows, and those that it knows not to exist. */
export interface KeyMemory {
  readonly known: Table<KeyEntry>
  readonly unknown: Table<NoKey>
}

/** However often it is used, a key is read anew after this long. */
const KEY_AGE_MS_MAX = 10 * 60_000
/** A key that is created meanwhile is said to be at once; this is for what is never said. */
const UNKNOWN_AGE_MS_MAX = 1000
/** Guesses beyond this many in a second ask the store, whose flights are bounded too. */
const UNKNOWN_MAX = 20_000

export function createKeyMemory(options: {
  readonly keysMax: number
  readonly unknownMax?: number
  readonly monotonicMs: () => number
}): KeyMemory {
  const { keysMax, unknownMax = UNKNOWN_MAX, monotonicMs } = options
  return {
    known: createTable<KeyEntry>({
      entriesMax: keysMax,
      ageMsMax: KEY_AGE_MS_MAX,
      tagsOf: ({ usable }) => namesOfKey(usable),
      hashOf: hashOfKid,
      onForgotten(entry) {
        entry.isForgotten = true
        entry.verifier.forget()
      },
      monotonicMs,
    }),
    unknown: createTable<NoKey>({
      entriesMax: unknownMax,
      ageMsMax: UNKNOWN_AGE_MS_MAX,
      tagsOf: ({ id }) => [nameOf('key', id)],
      monotonicMs,
    }),
  }
}

/**
 * Which keys there are no stranger decides: two whose ids have one number can be had only by making
 * keys until it happens. What a stranger may name instead is kept by the other table's own hash.
 */
function hashOfKid(text: string, from: number, length: number): number {
  let hash = length
  for (let at = from; at < from + length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash
}

/** Under which names an invalidation may call these facts untrue. */
export function namesOfKey({ key }: Pick<KeyFacts, 'key'>): readonly string[] {
  return [nameOf('key', key.kid), nameOf('user', key.uid)]
}

/** Prepares a key that was read. Throws an EnvelopeError if it cannot verify anything. */
export function createKeyEntry(facts: KeyFacts, verifiers: RequestVerifiers): KeyEntry {
  const { key, principal } = facts
  return {
    usable: compileKey(facts),
    verifier: verifiers.prepare(key),
    isForgotten: false,
    id: key.kid,
    bornAtMs: 0,
    principal,
    session: { hash: undefined, endsAtMs: key.expiresAtMs ?? Number.POSITIVE_INFINITY },
    latest: undefined,
    others: NONE,
    coming: NONE,
    said: undefined,
  }
}
