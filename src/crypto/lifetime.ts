/** From when to when a token is good, in whole seconds of the epoch (RFC 7519 §2, NumericDate). */
export interface Lifetime {
  readonly issuedAtS: number
  readonly expiresAtS: number
}

/**
 * The lifetime of a token minted now: rounded down at both ends, so that it neither begins in the
 * future nor ends after what it speaks of, at `endsAtMs`. In the last second before that end the
 * token is over when it is minted, and every verifier says so.
 */
export function lifetimeOf(at: { nowMs: number; ttlMs: number; endsAtMs: number }): Lifetime {
  return {
    issuedAtS: Math.floor(at.nowMs / 1000),
    expiresAtS: Math.floor(Math.min(at.endsAtMs, at.nowMs + at.ttlMs) / 1000),
  }
}
