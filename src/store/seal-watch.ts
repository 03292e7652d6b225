import type { Clock } from '../core/clock.ts'
import { epochNumberOf, type Roster } from './members.ts'

/** Two numbers that all processes of an installation must share. */
export interface LeaseTimes {
  /** How long a worker that hears nothing goes on believing. */
  readonly leaseMs: number
  /** How long a deposed primary may still take writes; 0 without automatic failover. */
  readonly fenceMs: number
}

/** No two clocks of one installation differ more than this in their rate. */
const CLOCK_RATE_ERROR_MAX = 1e-3
/** For what lies between a reading of the clock and the act that goes by it. */
const MARGIN_MS = 20

/** After so long on anybody's clock a lease that is not renewed is over on every clock. */
export function leaseBoundMs(leaseMs: number): number {
  return leaseMs * (1 + 2 * CLOCK_RATE_ERROR_MAX) + MARGIN_MS
}

/** What is known of the age of the sealing that the board is of. */
export interface SealWatch {
  /** From here on no lease of an earlier sealing is left, on our monotonic clock. */
  settledAtMs(): number
  /**
   * A write that the board took after this shows that it had not been replaced when its number was
   * raised: no other board is believed that a change of this number does not reach.
   */
  provenFromMs(): number
  see(epoch: string): void
}

interface SealWatchOptions extends LeaseTimes {
  readonly clock: Clock
  readonly onEpoch: (epoch: string) => void
}

/**
 * When the leases of earlier sealings are all over. A sealing is taken to be as young as our first
 * sight of it: too late by a little, never too early. Before the very first there was none.
 */
export function createSealWatch(options: SealWatchOptions): SealWatch {
  const { clock, leaseMs, fenceMs, onEpoch } = options
  let known: string | undefined
  let settledAtMs = Number.NEGATIVE_INFINITY
  let provenFromMs = Number.NEGATIVE_INFINITY
  return {
    settledAtMs: () => settledAtMs,
    provenFromMs: () => provenFromMs,
    see(epoch: string): void {
      if (epoch === known) return
      // A reply that was long on its way may speak of the sealing before.
      if (known !== undefined && epochNumberOf(epoch) < epochNumberOf(known)) return
      known = epoch
      const isFirst = epochNumberOf(epoch) === 1
      const fencedMs = clock.monotonicMs() + fenceMs
      settledAtMs = isFirst ? Number.NEGATIVE_INFINITY : fencedMs + leaseBoundMs(leaseMs)
      // Without failover there is never a second board.
      provenFromMs = isFirst || fenceMs === 0 ? Number.NEGATIVE_INFINITY : fencedMs
      onEpoch(epoch)
    },
  }
}

/** Whose heart has stopped, by our own clock and never by anybody's wall. */
export interface HeartWatch {
  stopped(roster: Roster): readonly { readonly worker: string; readonly beat: number }[]
}

/** Members whose heart has stood still for so long, by our own clock, that no lease is left. */
export function createHeartWatch(clock: Clock, boundMs: number): HeartWatch {
  let epoch = ''
  let seen = new Map<string, { readonly beat: number; readonly sinceMs: number }>()
  return {
    stopped(roster: Roster): readonly { worker: string; beat: number }[] {
      const now = clock.monotonicMs()
      const before = roster.epoch === epoch ? seen : new Map<string, never>()
      epoch = roster.epoch
      seen = new Map(
        roster.members.map(({ worker, beat }) => {
          const known = before.get(worker)
          return [worker, known?.beat === beat ? known : { beat, sinceMs: now }]
        }),
      )
      return [...seen]
        .filter(([, { sinceMs }]) => now - sinceMs >= boundMs)
        .map(([worker, { beat }]) => ({ worker, beat }))
    },
  }
}
