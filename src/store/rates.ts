import type { Draw } from '../core/shared-buckets.ts'

/**
 * What authorizers draw from the limits together. It says nothing about what is true, and needs
 * no seal. Throws a Fault.
 */
export interface Rates {
  /**
   * Draws, and returns the levels that are left, in the same order; undefined for a name that
   * nobody remembers, because RATE_NAMES_MAX others are. `key` is what the names were hashed
   * under: where others use another one, nothing is drawn, and theirs is returned instead.
   */
  settle(
    key: string,
    draws: readonly Draw[],
  ): Promise<{ readonly key: string; readonly levels: readonly (number | undefined)[] }>
}

/** Names that wait for a refill: beyond this many, each worker counts new ones alone. */
export const RATE_NAMES_MAX = 200_000
/** Debts are forgotten beyond this many bursts; no honest worker makes as many. */
export const RATE_DEBTS_MAX = 64
/** In one script: a longer batch would hold Redis up for everybody else. */
export const DRAWS_MAX = 500
