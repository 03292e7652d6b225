import { EPOCH_STRIDE } from './board.ts'
import {
  CLOSINGS_MAX,
  CLOSINGS_PAGE,
  type Closed,
  type Closing,
  type ClosingPage,
  type ClosingPlace,
  comparePlaces,
  isCutOff,
  PLACE_END,
} from './closings.ts'

/** What the twin keeps of sessions that ended, as Redis does in a stream. */
export function createTwinClosings() {
  let kept: Closing[] = []
  let trimmedCount = 0
  return {
    restart(): void {
      kept = []
      trimmedCount = 0
    },
    append(seq: number, closed: readonly Closed[]): void {
      for (const [at, one] of closed.entries()) kept.push({ ...one, seq, at })
      // Cut in lumps: shifting the array at every entry would copy it at every entry.
      if (kept.length <= 1.1 * CLOSINGS_MAX) return
      trimmedCount += kept.length - CLOSINGS_MAX
      kept = kept.slice(-CLOSINGS_MAX)
    },
    since(from: ClosingPlace | undefined, headSeq: number): ClosingPage {
      const head = { seq: headSeq, at: PLACE_END }
      if (from === undefined) return { closings: [], isGap: false, head }
      const epochSeq = Math.floor(headSeq / EPOCH_STRIDE) * EPOCH_STRIDE
      const isGap = isCutOff(from, { epochSeq, headSeq, trimmedCount, first: kept[0] })
      const closings = kept.filter((one) => comparePlaces(one, from) > 0)
      return { closings: closings.slice(0, CLOSINGS_PAGE), isGap, head }
    },
  }
}
