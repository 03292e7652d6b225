import type { Clock } from '../core/clock.ts'

/** Finds out that the board we are led to has been left behind by the number in Postgres. */
export interface StrandedWatch {
  /** To be asked again and again; true once it is certain that nothing else will come of it. */
  isStranded(sealedAs: number, epochNumber: number): boolean
}

/**
 * Whoever seals raises the number in Postgres first, and may then lose the board: a primary that
 * was just deposed, say. The one that took its place may have been sealed before under a lower
 * number. It would refuse every change for ever, and has to be filled again.
 *
 * But it may as well be the other way round, and ours be the deposed one. That one takes no writes
 * for longer than `fenceMs`. So if the number has stood above ours for so long, and `Board.begin`,
 * which writes, still succeeds, ours was not deposed before that number was raised.
 */
export function createStrandedWatch(deps: {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly fenceMs: number
}): StrandedWatch {
  const { clock, fenceMs } = deps
  let seen: { readonly sealedAs: number; readonly epochNumber: number } | undefined
  let sinceMs = 0
  return {
    isStranded(sealedAs, epochNumber) {
      const now = clock.monotonicMs()
      if (sealedAs >= epochNumber) {
        seen = undefined
        return false
      }
      if (seen?.sealedAs !== sealedAs || seen.epochNumber !== epochNumber) {
        seen = { sealedAs, epochNumber }
        sinceMs = now
      }
      return now - sinceMs >= fenceMs
    },
  }
}
