import type { Lease } from '../../src/cache/lease.ts'

/** A lease that is never doubted: what a check would cost if there were none. */
export function createLease(): Lease {
  return {
    grant() {},
    isLive: () => true,
    isSound: () => true,
    remainingMs: () => Number.MAX_SAFE_INTEGER,
    drop() {},
  }
}
