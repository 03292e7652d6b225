/** May we still believe what we remember? Only while the log was heard of lately. */
export interface Lease {
  /**
   * Believes for `leaseMs` from the instant at which the question was *sent*: what happened
   * after the answer was given at the other end is not known here.
   */
  grant(sentAtMs: number): void
  isLive(nowMs: number): boolean
  /** 0 when it is not live. */
  remainingMs(nowMs: number): number
  drop(): void
}

/** All instants are on one monotonic clock, read fresh for each question. */
export function createLease(leaseMs: number): Lease {
  let untilMs = Number.NEGATIVE_INFINITY
  return {
    grant(sentAtMs) {
      untilMs = Math.max(untilMs, sentAtMs + leaseMs)
    },
    isLive: (nowMs) => nowMs < untilMs,
    remainingMs: (nowMs) => Math.max(0, untilMs - nowMs),
    drop() {
      untilMs = Number.NEGATIVE_INFINITY
    },
  }
}
