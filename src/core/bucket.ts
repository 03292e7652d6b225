import assert from 'node:assert'

/** So many requests in a window, and so many at once after a rest. */
export interface Rate {
  readonly count: number
  readonly windowMs: number
  readonly burst: number
}

/** A rate in the unit of levels. */
export interface Limit {
  /** Refilled in a millisecond. */
  readonly perMs: number
  /** The level of a bucket that is full. */
  readonly full: number
}

/**
 * One token in the unit of levels. An hour of milliseconds, so that the refill of every window is
 * a whole number and no rounding ever makes or loses a token.
 */
export const TOKEN = 3_600_000
const WINDOWS_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const
/** More in a window or a burst is no limit; with it every level is exact in a double. */
export const RATE_COUNT_MAX = 1_000_000

export function compileLimit({ count, windowMs, burst }: Rate): Limit {
  const perMs = (count * TOKEN) / windowMs
  assert(Number.isInteger(perMs) && perMs > 0 && perMs <= RATE_COUNT_MAX * TOKEN)
  assert(Number.isInteger(burst) && burst > 0 && burst <= RATE_COUNT_MAX)
  return { perMs, full: burst * TOKEN }
}

/** `10/s`, `30/m` or `500/h`; undefined for anything else. */
export function parseRate(text: string, burst: number): Rate | undefined {
  const [, count, unit] = /^([1-9]\d{0,6})\/([smh])$/.exec(text) ?? []
  if (count === undefined || unit === undefined || Number(count) > RATE_COUNT_MAX) return undefined
  return { count: Number(count), windowMs: WINDOWS_MS[unit as 's' | 'm' | 'h'], burst }
}

/**
 * Token buckets of many names in a fixed amount of memory. A name is two hashed words; times are
 * milliseconds of one monotonic clock, of which whole ones count. Nothing here allocates.
 *
 * Names share sets of `WAYS` slots. Where a set has no room for a new name, the bucket with the
 * fewest tokens missing makes way, and the new name begins with as many missing: forgetting a
 * bucket moves what was drawn from it to another name, and never fills one. So `n` slots never
 * let more than `n` times a burst and a refill through, from however many names; and whoever
 * emptied a bucket gets it back full only by waiting.
 */
export interface Buckets {
  /**
   * Draws `cost` tokens if they are there and returns 0; else draws nothing and returns the
   * milliseconds until they would be.
   */
  take(name: Uint32Array, limit: Limit, cost: number, nowMs: number): number
  /** Milliseconds until one token is there, 0 if it is. Draws nothing and remembers nothing. */
  wait(name: Uint32Array, limit: Limit, nowMs: number): number
  /**
   * Draws `cost` tokens, into debt if they are not there; a debt of one burst is the largest.
   * Returns what was drawn, in the unit of levels.
   */
  charge(name: Uint32Array, limit: Limit, cost: number, nowMs: number): number
  /** Lowers the level to this one, if it is higher: others have drawn from the same name. */
  adopt(name: Uint32Array, limit: Limit, level: number, nowMs: number): void
  /**
   * The instant from which on every bucket is full, by the limits under which it was drawn from
   * last: until somebody draws, nobody needs to be looked for.
   */
  fullFromMs(): number
  /** Slots that were ever used, at most as many as there are. */
  used(): number
  /** Buckets that made way before they were full again. */
  evictions(): number
}

/** Slots that one name can be in: as many as fit two lines of a processor's cache. */
export const WAYS = 8

/** Room for at least `slotsMax` names, 40 bytes each. */
export function createBuckets(slotsMax: number): Buckets {
  const slots = createSlots(slotsMax)

  /** The level of this name now, whether it has a slot or would be given one. */
  function levelOf(slot: number, name: Uint32Array, limit: Limit, nowMs: number): number {
    if (slot === -1) {
      const victim = slots.victimOf(name, nowMs)
      return bound(limit.full - slots.missing(victim, nowMs), limit.full)
    }
    const elapsedMs = Math.max(0, nowMs - (slots.seenAtMs[slot] as number))
    return Math.min(limit.full, (slots.levels[slot] as number) + elapsedMs * limit.perMs)
  }

  return {
    take(name, limit, cost, nowMs) {
      const now = Math.floor(nowMs)
      const slot = slots.find(name)
      const level = levelOf(slot, name, limit, now)
      const waitMs = waitFor(cost * TOKEN, level, limit)
      if (waitMs === 0) slots.write(slot, name, limit, level - cost * TOKEN, now)
      return waitMs
    },
    wait(name, limit, nowMs) {
      const level = levelOf(slots.find(name), name, limit, Math.floor(nowMs))
      return waitFor(TOKEN, level, limit)
    },
    charge(name, limit, cost, nowMs) {
      const now = Math.floor(nowMs)
      const slot = slots.find(name)
      const before = levelOf(slot, name, limit, now)
      // A debt that others made is deeper perhaps: it is not forgiven.
      const least = Math.min(before, -limit.full)
      const level = Math.min(limit.full, Math.max(least, before - cost * TOKEN))
      slots.write(slot, name, limit, level, now)
      return before - level
    },
    adopt(name, limit, level, nowMs) {
      const now = Math.floor(nowMs)
      const slot = slots.find(name)
      if (level >= levelOf(slot, name, limit, now)) return
      slots.write(slot, name, limit, level, now)
    },
    fullFromMs: slots.fullFromMs,
    used: slots.used,
    evictions: slots.evictions,
  }
}

function bound(level: number, full: number): number {
  return Math.min(full, Math.max(-full, level))
}

function waitFor(cost: number, level: number, limit: Limit): number {
  return level >= cost ? 0 : Math.ceil((cost - level) / limit.perMs)
}

/** Where levels are kept: sets of `WAYS` slots, of which the name's first word picks one. */
function createSlots(slotsMax: number) {
  const setsCount = 2 ** Math.ceil(Math.log2(Math.max(1, slotsMax / WAYS)))
  const slotsCount = setsCount * WAYS
  const names = new Uint32Array(2 * slotsCount)
  const levels = new Float64Array(slotsCount)
  const seenAtMs = new Float64Array(slotsCount)
  const rates = new Float64Array(slotsCount)
  /** 0 where the slot was never used. */
  const fulls = new Float64Array(slotsCount)
  let usedCount = 0
  let evictionsCount = 0
  let fullFromMs = Number.NEGATIVE_INFINITY

  const firstOf = (name: Uint32Array) => ((name[0] as number) & (setsCount - 1)) * WAYS

  /** The slot of this name, or -1. */
  function find(name: Uint32Array): number {
    const first = firstOf(name)
    for (let slot = first; slot < first + WAYS; slot++) {
      const isNamed = names[2 * slot] === name[0] && names[2 * slot + 1] === name[1]
      if (isNamed && fulls[slot] !== 0) return slot
    }
    return -1
  }

  /** What is missing from a slot now, by the limit that it was last drawn under. */
  function missing(slot: number, nowMs: number): number {
    const refill = Math.max(0, nowMs - (seenAtMs[slot] as number)) * (rates[slot] as number)
    return Math.max(0, (fulls[slot] as number) - (levels[slot] as number) - refill)
  }

  /** The slot that makes way for this name: an unused one, or that with the least missing. */
  function victimOf(name: Uint32Array, nowMs: number): number {
    const first = firstOf(name)
    let victim = first
    let least = Number.POSITIVE_INFINITY
    for (let slot = first; slot < first + WAYS; slot++) {
      if (fulls[slot] === 0) return slot
      const lack = missing(slot, nowMs)
      if (lack >= least) continue
      least = lack
      victim = slot
    }
    return victim
  }

  function claim(name: Uint32Array, nowMs: number): number {
    const slot = victimOf(name, nowMs)
    if (fulls[slot] === 0) usedCount++
    else if (missing(slot, nowMs) > 0) evictionsCount++
    names[2 * slot] = name[0] as number
    names[2 * slot + 1] = name[1] as number
    seenAtMs[slot] = nowMs
    return slot
  }

  function write(at: number, name: Uint32Array, limit: Limit, level: number, nowMs: number): void {
    const slot = at === -1 ? claim(name, nowMs) : at
    levels[slot] = level
    // A clock that went back must not refill the same time twice.
    seenAtMs[slot] = Math.max(nowMs, seenAtMs[slot] as number)
    rates[slot] = limit.perMs
    fulls[slot] = limit.full
    const refillMs = (limit.full - level) / limit.perMs
    fullFromMs = Math.max(fullFromMs, (seenAtMs[slot] as number) + refillMs)
  }

  return {
    levels,
    seenAtMs,
    find,
    missing,
    victimOf,
    write,
    fullFromMs: () => fullFromMs,
    used: () => usedCount,
    evictions: () => evictionsCount,
  }
}
