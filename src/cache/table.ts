import { LRUCache } from 'lru-cache'

/** Bounded memory with expiry. Memory only, synchronous; never asks a store. */
export interface Table<V extends object> {
  /** What is remembered under `key`, unless it is too old; `atMs` is now if it is read already. */
  recall(key: string, atMs?: number): V | undefined
  /** As `recall`, of the key that is these characters of `text`. */
  recallPart(text: string, from: number, length: number, atMs?: number): V | undefined
  /** As `recall`, but does not count as use. */
  peek(key: string): V | undefined
  remember(key: string, value: V): void
  forget(key: string): void
  /** Forgets everything remembered with this tag; how many entries. */
  forgetTagged(tag: string): number
  forgetAll(): void
  entries(): number
}

export interface TableOptions<V> {
  /** Beyond this many the least recently used entry goes. */
  readonly entriesMax: number
  /** However often it is used, no entry is believed longer than this. */
  readonly ageMsMax: number
  /** Names under which an invalidation may ask for the entry. */
  readonly tagsOf: (value: V) => readonly string[]
  /** Told of each entry that is remembered no more, whatever the cause. */
  readonly onForgotten?: (value: V) => void
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number
}

/** Without options of ours, lru-cache makes an object of 56 bytes for each call. */
const PLAINLY = {}

interface Kept<V> {
  readonly value: V
  bornAtMs: number
}

/** A table over lru-cache, with an index from tag to keys that evictions keep exact. */
export function createTable<V extends object>(options: TableOptions<V>): Table<V> {
  const { entriesMax, ageMsMax, tagsOf, monotonicMs } = options
  /** One key is kept bare: most tags name one entry, and a Set costs 200 bytes. */
  const keysByTag = new Map<string, string | Set<string>>()

  /** V8 keeps a whole number of this size where it stands, and a fraction apart from it. */
  const wholeMs = () => Math.floor(monotonicMs())

  // Its own expiry would read the clock once more for each hit.
  const memory = new LRUCache<string, Kept<V>>({
    max: entriesMax,
    dispose: ({ value }, key) => {
      for (const tag of tagsOf(value)) untag(tag, key)
      options.onForgotten?.(value)
    },
  })

  function isTooOld({ bornAtMs }: Kept<V>, atMs: number): boolean {
    return atMs - bornAtMs > ageMsMax
  }

  function tag(name: string, key: string): void {
    const keys = keysByTag.get(name)
    if (keys === undefined) keysByTag.set(name, key)
    else if (typeof keys !== 'string') keys.add(key)
    else if (keys !== key) keysByTag.set(name, new Set([keys, key]))
  }

  function untag(name: string, key: string): void {
    const keys = keysByTag.get(name)
    if (keys === key) keysByTag.delete(name)
    else if (keys !== undefined && typeof keys !== 'string') {
      keys.delete(key)
      if (keys.size === 0) keysByTag.delete(name)
    }
  }

  function recall(key: string, atMs = monotonicMs()): V | undefined {
    const kept = memory.get(key, PLAINLY)
    if (kept === undefined) return undefined
    if (!isTooOld(kept, atMs)) return kept.value
    memory.delete(key)
    return undefined
  }

  return {
    recall,
    recallPart: (text, from, length, atMs) => recall(text.slice(from, from + length), atMs),
    peek(key) {
      const kept = memory.peek(key)
      return kept === undefined || isTooOld(kept, monotonicMs()) ? undefined : kept.value
    },
    remember(key, value) {
      const before = memory.get(key, PLAINLY)
      // The same again was not forgotten in between.
      if (before?.value === value) before.bornAtMs = wholeMs()
      else memory.set(key, { value, bornAtMs: wholeMs() })
      for (const name of tagsOf(value)) tag(name, key)
    },
    forget: (key) => void memory.delete(key),
    forgetTagged(name) {
      const keys = keysByTag.get(name)
      if (keys === undefined) return 0
      const all = typeof keys === 'string' ? [keys] : [...keys]
      for (const key of all) memory.delete(key)
      return all.length
    },
    forgetAll() {
      memory.clear()
      keysByTag.clear()
    },
    entries: () => memory.size,
  }
}
