import type { Invalidation, Scope } from '../core/invalidation.ts'

/**
 * The last invalidations by name, so that a load which was overtaken by one is not believed.
 * Apart from the table, because an eviction there must not lose a revocation.
 */
export interface Ring {
  record(message: Invalidation): void
  /** Whether what was read at `seq` may be believed of all these names. */
  admits(seq: number, names: readonly string[]): boolean
  /** Forgets all up to `seq`; reads older than that are believed no more. */
  reset(seq: number): void
}

/** About 10 MB when full. */
const RING_ENTRIES = 100_000

/** The name under which the ring and the table know what an invalidation is about. */
export function nameOf(scope: Scope, id: string): string {
  return `${scope}:${id}`
}

export function createRing(entriesMax: number = RING_ENTRIES): Ring {
  /** Insertion order is age, because a name is deleted before it is set again. */
  const seqByName = new Map<string, number>()
  let floorSeq = 0

  return {
    record({ scope, id, seq }) {
      const name = nameOf(scope, id)
      // Messages come late and twice: an older one must not make a name look less overtaken.
      if ((seqByName.get(name) ?? 0) >= seq) return
      seqByName.delete(name)
      seqByName.set(name, seq)
      if (seqByName.size <= entriesMax) return
      for (const [oldest, oldestSeq] of seqByName) {
        seqByName.delete(oldest)
        floorSeq = Math.max(floorSeq, oldestSeq)
        return
      }
    },
    admits: (seq, names) =>
      seq >= floorSeq && names.every((name) => (seqByName.get(name) ?? 0) <= seq),
    reset(seq) {
      // What was pushed by a log that is only now begun has overtaken reads of its beginning.
      for (const [name, known] of seqByName) if (known <= seq) seqByName.delete(name)
      floorSeq = seq
    },
  }
}
