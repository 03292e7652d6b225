/** One nonce of one key, about to be used up. */
export interface Burn {
  readonly kid: string
  readonly nonceMs: number
  /** How far from now a nonce may be, in the past and in the future. */
  readonly lifetimeMs: number
  /** Nonces of this key that are remembered at most. */
  readonly rememberedMax: number
}

/**
 * `used`: it was burned before. `stale`: so old, or from so soon after the board was sealed anew,
 * that nobody can know whether it was. `full`: as many are remembered as may be. Only `burned`
 * lets a request pass.
 */
export type BurnOutcome = 'burned' | 'used' | 'stale' | 'full'

/** The nonces of API keys that were used up, shared by all authorizers. Throws a Fault. */
export interface Nonces {
  /** One step, however many ask at once: exactly one of them hears `burned`. */
  burn(one: Burn): Promise<BurnOutcome>
}

/**
 * Nonces are remembered this much longer than any of them can be accepted: a clock that is set
 * back by less brings none of them to life again.
 */
export const CLOCK_STEP_MS = 10_000
