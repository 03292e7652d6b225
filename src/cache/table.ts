import { randomInt } from 'node:crypto'
import { type HashKey, hashTextInto } from '../core/keyed-hash.ts'
import { createRecent, type HashOf, type Kept } from './recent.ts'

/** Bounded memory with expiry. Memory only, synchronous; never asks a store. */
export interface Table<V extends object> {
  /** What is remembered under `key`, unless it is too old; `atMs` is now if it is read already. */
  recall(key: string, atMs?: number): V | undefined
  /** As `recall`, of the key that is these characters of `text`, which nobody has to cut out. */
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
  /** Beyond this many one that was not used lately goes. */
  readonly entriesMax: number
  /** However often it is used, no entry is believed longer than this. */
  readonly ageMsMax: number
  /** Names under which an invalidation may ask for the entry. */
  readonly tagsOf: (value: V) => readonly string[]
  /** Where keys stand; one that strangers cannot foresee, of all characters, if not given. */
  readonly hashOf?: HashOf
  /** Told of each entry that is remembered no more, whatever the cause. */
  readonly onForgotten?: (value: V) => void
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number
}

/** A table over `createRecent`, with an index from tag to keys that evictions keep exact. */
export function createTable<V extends object>(options: TableOptions<V>): Table<V> {
  const { entriesMax, ageMsMax, tagsOf, monotonicMs } = options
  const recent = createRecent<V>(options.hashOf ?? createHashOf())
  /** One key is kept bare: most tags name one entry, and a Set costs 200 bytes. */
  const keysByTag = new Map<string, string | Set<string>>()

  /** V8 keeps a whole number of this size where it stands, and a fraction apart from it. */
  const wholeMs = () => Math.floor(monotonicMs())

  function drop(kept: Kept<V>): void {
    recent.remove(kept)
    for (const tag of tagsOf(kept.value)) untag(tag, kept.key)
    options.onForgotten?.(kept.value)
  }

  /** Undefined if it is too old; then it is dropped. */
  function youngOf(kept: Kept<V> | undefined, atMs: number): Kept<V> | undefined {
    if (kept === undefined || atMs - kept.bornAtMs <= ageMsMax) return kept
    drop(kept)
    return undefined
  }

  function recallPart(text: string, from: number, length: number, atMs = monotonicMs()) {
    const kept = youngOf(recent.find(text, from, length), atMs)
    if (kept === undefined) return undefined
    if (!kept.isUsed) kept.isUsed = true
    return kept.value
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

  function forget(key: string): void {
    const kept = recent.find(key, 0, key.length)
    if (kept !== undefined) drop(kept)
  }

  return {
    recallPart,
    recall: (key, atMs) => recallPart(key, 0, key.length, atMs),
    peek: (key) => youngOf(recent.find(key, 0, key.length), monotonicMs())?.value,
    remember(key, value) {
      const before = recent.find(key, 0, key.length)
      // The same again was not forgotten in between.
      if (before?.value === value) before.bornAtMs = wholeMs()
      else {
        if (before !== undefined) drop(before)
        const idle = recent.all.length >= entriesMax ? recent.idle() : undefined
        if (idle !== undefined) drop(idle)
        recent.add(key, value, wholeMs())
      }
      for (const name of tagsOf(value)) tag(name, key)
    },
    forget,
    forgetTagged(name) {
      const keys = keysByTag.get(name)
      if (keys === undefined) return 0
      const all = typeof keys === 'string' ? [keys] : [...keys]
      for (const key of all) forget(key)
      return all.length
    },
    forgetAll() {
      const all = recent.all.map(({ value }) => value)
      recent.clear()
      keysByTag.clear()
      for (const value of all) options.onForgotten?.(value)
    },
    entries: () => recent.all.length,
  }
}

/** For any keys: nobody can choose two that stand in one place. */
function createHashOf(): HashOf {
  const hashKey: HashKey = [randomInt(2 ** 32), randomInt(2 ** 32)]
  const words = new Uint32Array(2)
  return function hashOf(text, from, length) {
    hashTextInto(words, hashKey, 0, text.slice(from, from + length))
    return words[0] as number
  }
}
