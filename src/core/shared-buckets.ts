import { type Buckets, type Limit, TOKEN } from './bucket.ts'

/** What was drawn from one name since others were last told. */
export interface Draw {
  /** 16 hexadecimal digits: a hash, never the name itself. */
  readonly name: string
  readonly limit: Limit
  /** In the unit of levels; below 0 where more was given back. */
  readonly drawn: number
}

/** Buckets that several workers draw from. Each draws alone, and tells the others soon after. */
export interface SharedBuckets extends Buckets {
  /** At most so many draws, to be told now; none while the last ones are on their way. */
  collect(max: number): readonly Draw[]
  /** They were told: the level of each, all workers together. Undefined: nobody else counts it. */
  settled(levels: readonly (number | undefined)[], nowMs: number): void
  /** They were not told, or nobody knows whether they were: they are told again. */
  failed(): void
  /** Forgets what was not told, for it has other names now. */
  renamed(): void
  /** While nobody can be told, each worker has this much of the rate, and no chunk. */
  setAlone(isAlone: boolean): void
  hasDraws(): boolean
}

/**
 * What one worker may draw from a name before it has told the others: an eighth of a burst or a
 * tenth of a second's refill, so that it seldom waits for them; at least eight, so that a page
 * may ask for its parts at once; and never more than a burst.
 *
 * A worker that has told the others knows the level at that time, and draws by it; of what they
 * draw afterwards each can be ahead by one chunk. So n workers let through at most the burst, the
 * refill and n - 1 chunks.
 */
export function chunkOf({ full, perMs }: Limit): number {
  return Math.min(full, Math.max(8 * TOKEN, full / 8, 100 * perMs))
}

/** Alone, a worker refills at half the rate: several of them add up. */
export const ALONE_PART = 0.5
/** Names that wait to be told. What comes on top of them is counted by its worker alone. */
export const UNTOLD_MAX = 10_000
/** Whoever is a chunk ahead is told to wait this long: until then the others know. */
const AHEAD_MS = 50

interface Tab {
  readonly words: Uint32Array
  limit: Limit
  drawn: number
  sent: number
}

/** `onDraw` hears of each draw to be told; `isUrgent` near the end of a chunk. */
export function createSharedBuckets(
  buckets: Buckets,
  onDraw: (isUrgent: boolean) => void,
): SharedBuckets {
  const untold = createUntold(onDraw)
  const slowed = new WeakMap<Limit, Limit>()
  let isAlone = false

  function inForce(limit: Limit): Limit {
    if (!isAlone) return limit
    let slower = slowed.get(limit)
    if (slower === undefined) {
      slower = { perMs: limit.perMs * ALONE_PART, full: limit.full }
      slowed.set(limit, slower)
    }
    return slower
  }

  return {
    take(words, limit, cost, nowMs) {
      if (!isAlone && untold.isAhead(words, limit, cost)) {
        onDraw(true)
        return Math.max(AHEAD_MS, buckets.wait(words, limit, nowMs))
      }
      const waitMs = buckets.take(words, inForce(limit), cost, nowMs)
      if (waitMs === 0) untold.note(words, limit, cost * TOKEN)
      return waitMs
    },
    wait: (words, limit, nowMs) => buckets.wait(words, inForce(limit), nowMs),
    charge(words, limit, cost, nowMs) {
      const charged = buckets.charge(words, inForce(limit), cost, nowMs)
      untold.note(words, limit, Math.ceil(charged))
      return charged
    },
    adopt: buckets.adopt,
    collect: untold.collect,
    settled(levels, nowMs) {
      for (const [at, { words, limit, drawn }] of untold.settled().entries()) {
        const level = levels[at]
        if (level !== undefined) buckets.adopt(words, limit, level - drawn, nowMs)
      }
    },
    failed: untold.failed,
    renamed: untold.renamed,
    setAlone(value) {
      isAlone = value
    },
    hasDraws: untold.hasDraws,
    // Alone, buckets fill more slowly than they were to when they were drawn from.
    fullFromMs: () => (isAlone ? Number.POSITIVE_INFINITY : buckets.fullFromMs()),
    used: buckets.used,
    evictions: buckets.evictions,
  }
}

/** What was drawn and not told yet, name by name. */
function createUntold(onDraw: (isUrgent: boolean) => void) {
  const tabs = new Map<number, Tab>()
  let sent: readonly Tab[] = []

  /** 53 of the 64 bits of a name: two names that share them share a chunk. */
  const idOf = (words: Uint32Array) =>
    (words[0] as number) * 2 ** 21 + ((words[1] as number) & 0x1fffff)

  return {
    note(words: Uint32Array, limit: Limit, drawn: number): void {
      if (drawn === 0) return
      const id = idOf(words)
      let tab = tabs.get(id)
      if (tab === undefined) {
        if (tabs.size >= UNTOLD_MAX) return
        tab = { words: Uint32Array.from(words), limit, drawn: 0, sent: 0 }
        tabs.set(id, tab)
      }
      tab.limit = limit
      // Alone for hours, a worker owes the others no more than one burst.
      tab.drawn = Math.min(tab.drawn + drawn, limit.full)
      onDraw(2 * (tab.drawn + tab.sent) >= chunkOf(limit))
    },
    isAhead(words: Uint32Array, limit: Limit, cost: number): boolean {
      const tab = tabs.get(idOf(words))
      if (tab === undefined) return false
      const untold = tab.drawn + tab.sent
      // A single request that costs more than a chunk passes by itself.
      return untold > 0 && untold + cost * TOKEN > chunkOf(limit)
    },
    collect(max: number): readonly Draw[] {
      if (sent.length > 0) return []
      sent = [...tabs.values()].slice(0, max)
      for (const tab of sent) {
        tab.sent = tab.drawn
        tab.drawn = 0
      }
      return sent.map((tab) => ({ name: hexOf(tab.words), limit: tab.limit, drawn: tab.sent }))
    },
    /** Those that were sent, with what was drawn since. */
    settled(): readonly Tab[] {
      const told = sent
      sent = []
      for (const tab of told) {
        tab.sent = 0
        tabs.delete(idOf(tab.words))
        // At the end of the row: others are told first.
        if (tab.drawn !== 0) tabs.set(idOf(tab.words), tab)
      }
      return told
    },
    failed(): void {
      for (const tab of sent) {
        tab.drawn = Math.min(tab.drawn + tab.sent, tab.limit.full)
        tab.sent = 0
      }
      sent = []
    },
    renamed(): void {
      tabs.clear()
      sent = []
    },
    hasDraws: () => tabs.size > 0,
  }
}

function hexOf(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
}
