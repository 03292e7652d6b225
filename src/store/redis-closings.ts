import { Fault } from '../core/fault.ts'
import { EPOCH_STRIDE } from './board.ts'
import {
  CLOSINGS_PAGE,
  type Closing,
  type ClosingPlace,
  type Closings,
  END_REASONS,
  type EndReason,
  isCutOff,
  PLACE_END,
  printPlace,
  readPlace,
} from './closings.ts'
import type { Link } from './redis-link.ts'
import { latin, list } from './redis-reply.ts'

/** The stream `{dv}closed`. */
export function createRedisClosings({ run }: Pick<Link, 'run'>): Closings {
  return {
    async closedSince(from: ClosingPlace | undefined) {
      const after = from === undefined ? '' : printPlace(from)
      const [seq, trimmed, first, entries] = list(await run('closed', after, CLOSINGS_PAGE))
      const headSeq = Number(latin(seq))
      const head = { seq: headSeq, at: PLACE_END }
      if (from === undefined) return { closings: [], isGap: false, head }
      const kept = {
        epochSeq: Math.floor(headSeq / EPOCH_STRIDE) * EPOCH_STRIDE,
        headSeq,
        trimmedCount: Number(latin(trimmed)),
        first: readPlace(latin(first)),
      }
      return { closings: list(entries).map(readClosing), isGap: isCutOff(from, kept), head }
    },
  }
}

/** `[id, ['s', sid, 'u', uid, 'q', seq, 'w', reason]]`. */
function readClosing(entry: unknown): Closing {
  const [id, fields] = list(entry)
  const place = readPlace(latin(id))
  const words = list(fields).map(latin)
  const named = new Map<string, string>()
  for (let at = 0; at + 1 < words.length; at += 2) {
    named.set(words[at] as string, words[at + 1] as string)
  }
  const [sid, uid, reason] = [named.get('s'), named.get('u'), named.get('w')]
  if (place === undefined || sid === undefined || uid === undefined || !isReason(reason)) {
    throw new Fault('store_garbage', { about: 'a closing cannot be read' })
  }
  return { ...place, sid, uid, reason }
}

function isReason(word: string | undefined): word is EndReason {
  return (END_REASONS as readonly unknown[]).includes(word)
}
