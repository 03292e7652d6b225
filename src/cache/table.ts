import { randomInt } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type HashKey, hashTextInto } from '../core/keyed-hash.ts'

/** What can be remembered: it knows its own name. */
export interface Rememberable {
  /** The key. */
  readonly id: string
  /** Written by the table that remembers it, by nobody else. */
  bornAtMs: number
}

/** Bounded memory with expiry. Memory only, synchronous; never asks a store. */
export interface Table<V extends Rememberable> {
  /** What is remembered under `id`, unless it is too old; `atMs` is now if it is read already. */
  recall(id: string, atMs?: number): V | undefined
  /** As `recall`, of the id that is these characters of `text`, which nobody has to cut out. */
  recallPart(text: string, from: number, length: number, atMs?: number): V | undefined
  /** As `recall`, but does not count as use. */
  peek(id: string): V | undefined
  /** Under its id, in place of what was remembered there. */
  remember(value: V): void
  forget(id: string): void
  /** Forgets everything remembered with this tag; how many entries. */
  forgetTagged(tag: string): number
  forgetAll(): void
  entries(): number
}

/** A whole number of 32 bits for these characters of a text. */
export type HashOf = (text: string, from: number, length: number) => number

export interface TableOptions<V> {
  /** Beyond this many the least recently used entry goes. */
  readonly entriesMax: number
  /** However often it is used, no entry is believed longer than this. */
  readonly ageMsMax: number
  /** Names under which an invalidation may ask for the entry. */
  readonly tagsOf: (value: V) => readonly string[]
  /** Of ids; if not given one that strangers cannot foresee, of all characters. */
  readonly hashOf?: HashOf
  /** Told of each entry that is remembered no more, whatever the cause. */
  readonly onForgotten?: (value: V) => void
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number
}

/** Without options of ours, lru-cache makes an object of 56 bytes for each call. */
const PLAINLY = {}

/**
 * A table over lru-cache, with an index of tags that evictions keep exact. Ids are remembered by
 * numbers: a Map hashes and compares texts by calls into the runtime. What a number leads to is
 * compared whole, and of two ids with one number the later makes the earlier go: so do some two
 * hundred of a million.
 */
export function createTable<V extends Rememberable>(options: TableOptions<V>): Table<V> {
  const { entriesMax, ageMsMax, tagsOf, monotonicMs, hashOf = createHashOf() } = options
  const tags = createTags()

  // Its own expiry would read the clock once more for each hit.
  const memory = new LRUCache<number, V>({
    max: entriesMax,
    dispose: (value, key) => {
      for (const tag of tagsOf(value)) tags.remove(tag, key)
      options.onForgotten?.(value)
    },
  })

  function isTooOld({ bornAtMs }: V, atMs: number): boolean {
    return atMs - bornAtMs > ageMsMax
  }

  function recallPart(text: string, from: number, length: number, atMs = monotonicMs()) {
    const key = hashOf(text, from, length)
    const value = memory.get(key, PLAINLY)
    if (value === undefined || !isAt(value, text, from, length)) return undefined
    if (!isTooOld(value, atMs)) return value
    memory.delete(key)
    return undefined
  }

  /** Whatever its age. */
  function find(id: string): V | undefined {
    const value = memory.peek(hashOf(id, 0, id.length))
    return value?.id === id ? value : undefined
  }

  return {
    recallPart,
    recall: (id, atMs) => recallPart(id, 0, id.length, atMs),
    peek(id) {
      const value = find(id)
      return value === undefined || isTooOld(value, monotonicMs()) ? undefined : value
    },
    remember(value) {
      const { id } = value
      const key = hashOf(id, 0, id.length)
      // V8 keeps a whole number of this size where it stands, and a fraction apart from it.
      value.bornAtMs = Math.floor(monotonicMs())
      memory.set(key, value)
      for (const tag of tagsOf(value)) tags.add(tag, key)
    },
    forget(id) {
      if (find(id) !== undefined) memory.delete(hashOf(id, 0, id.length))
    },
    forgetTagged(tag) {
      let count = 0
      for (const key of tags.keysOf(tag)) {
        const value = memory.peek(key)
        if (value !== undefined && tagsOf(value).includes(tag) && memory.delete(key)) count++
      }
      return count
    },
    forgetAll() {
      memory.clear()
      tags.clear()
    },
    entries: () => memory.size,
  }
}

function isAt({ id }: Rememberable, text: string, from: number, length: number): boolean {
  // By `startsWith`, which goes from character to character, 68 of them take three times as long.
  return id.length === length && text.slice(from, from + length) === id
}

/** Which entries have a tag. */
interface Tags {
  add(tag: string, key: number): void
  remove(tag: string, key: number): void
  /** At least the keys of this tag: others may share its number. */
  keysOf(tag: string): readonly number[]
  clear(): void
}

function createTags(): Tags {
  /** One key is kept bare: most tags name one entry, and a Set costs 200 bytes. */
  const keysByTag = new Map<number, number | Set<number>>()
  const hashOf = createHashOf()
  const numberOf = (tag: string) => hashOf(tag, 0, tag.length)

  return {
    add(tag, key) {
      const number = numberOf(tag)
      const keys = keysByTag.get(number)
      if (keys === undefined) keysByTag.set(number, key)
      else if (typeof keys !== 'number') keys.add(key)
      else if (keys !== key) keysByTag.set(number, new Set([keys, key]))
    },
    remove(tag, key) {
      const number = numberOf(tag)
      const keys = keysByTag.get(number)
      if (keys === key) keysByTag.delete(number)
      else if (keys !== undefined && typeof keys !== 'number') {
        keys.delete(key)
        if (keys.size === 0) keysByTag.delete(number)
      }
    },
    keysOf(tag) {
      const keys = keysByTag.get(numberOf(tag))
      if (keys === undefined) return []
      return typeof keys === 'number' ? [keys] : [...keys]
    },
    clear: () => keysByTag.clear(),
  }
}

/** For any texts: nobody can choose two with one number. */
function createHashOf(): HashOf {
  const hashKey: HashKey = [randomInt(2 ** 32), randomInt(2 ** 32)]
  const words = new Uint32Array(2)
  return function hashOf(text, from, length) {
    hashTextInto(words, hashKey, 0, text.slice(from, from + length))
    // As V8 keeps numbers in place: with a sign.
    return (words[0] as number) | 0
  }
}
