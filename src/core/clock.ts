/**
 * All the time there is for whatever must be right under any fault. It is given, never read from
 * the process, so that the same code runs under a clock that stops, drifts and jumps.
 */
export interface Clock {
  /**
   * Milliseconds that never go back and never stand still, even while the process is stopped.
   * Read fresh at each question: a reading that is kept grows old.
   */
  monotonicMs(): number
  /** Milliseconds of the epoch, as people count them; may be set, back or forth. */
  nowMs(): number
  /** Calls once, after `delayMs` but for a rounding; returns how to call it off. */
  setTimer(delayMs: number, call: () => void): () => void
}
