/**
 * Calls `say` unless it was called for `key` within `perMs`. `dropped` is how many times it was
 * not called since. Keys are ours, never a client's; beyond KEYS_MAX they share one.
 */
export type SayAtMost = (key: string, perMs: number, say: (dropped: number) => void) => void

/** Different things that are told apart. */
export const KEYS_MAX = 1000
const SHARED_KEY = 'beyond KEYS_MAX'

interface Silence {
  untilMs: number
  dropped: number
}

/** For events that an attacker or an outage repeats without end. */
export function createSayAtMost(nowMs: () => number): SayAtMost {
  const silences = new Map<string, Silence>()
  return function sayAtMost(key, perMs, say) {
    const own = silences.has(key) || silences.size < KEYS_MAX ? key : SHARED_KEY
    const now = nowMs()
    const silence = silences.get(own)
    if (silence !== undefined && now < silence.untilMs) {
      silence.dropped++
      return
    }
    silences.set(own, { untilMs: now + perMs, dropped: 0 })
    say(silence?.dropped ?? 0)
  }
}
