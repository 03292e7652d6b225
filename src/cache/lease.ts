/** May we still believe what we remember? Only while the log was heard of lately. */
export interface Lease {
  /**
   * Believes for `leaseMs` from the instant at which the question was *sent*: what happened
   * after the answer was given at the other end is not known here. `wallAtMs` is what the wall
   * clock said at the same instant.
   */
  grant(sentAtMs: number, wallAtMs?: number): void
  isLive(nowMs: number): boolean
  /**
   * Whether both clocks have gone on by the same since the lease was granted. A machine that was
   * frozen with its clocks can only notice by the one that somebody sets right again.
   */
  isSound(nowMs: number, wallNowMs: number): boolean
  /** 0 when it is not live. */
  remainingMs(nowMs: number): number
  drop(): void
}

/** More than a wall clock is ever moved to keep the time, and less than a freeze that counts. */
const CLOCKS_APART_MS_MAX = 100

/** All instants but the wall's are on one monotonic clock, read fresh for each question. */
export function createLease(leaseMs: number): Lease {
  let untilMs = Number.NEGATIVE_INFINITY
  let wallAheadMs = Number.NaN
  return {
    grant(sentAtMs, wallAtMs = Number.NaN) {
      untilMs = Math.max(untilMs, sentAtMs + leaseMs)
      wallAheadMs = wallAtMs - sentAtMs
    },
    isLive: (nowMs) => nowMs < untilMs,
    // Of a clock that was never read nothing can be said against it.
    isSound: (nowMs, wallNowMs) =>
      !(Math.abs(wallNowMs - nowMs - wallAheadMs) > CLOCKS_APART_MS_MAX),
    remainingMs: (nowMs) => Math.max(0, untilMs - nowMs),
    drop() {
      untilMs = Number.NEGATIVE_INFINITY
    },
  }
}
