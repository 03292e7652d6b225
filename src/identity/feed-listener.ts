import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../core/clock.ts'
import {
  type Closing,
  type ClosingPage,
  type ClosingPlace,
  comparePlaces,
  printPlace,
  readPlace,
} from '../store/closings.ts'

/** One who listens to the ends of sessions, and how far it was told. */
export interface FeedListener {
  /** What has been told; undefined until it is known where to begin. */
  place(): ClosingPlace | undefined
  /** No room for a page more: whoever has none is read for when it has read itself. */
  isFull(): boolean
  tell(page: ClosingPage): void
  /** Says that everything up to now was told, if it was; cuts whoever has been full for long. */
  beat(isAllTold: boolean): void
  end(): void
}

export interface FeedLimits {
  /** When so much waits for a listener no more is read for it; a page comes on top of it. */
  readonly bufferBytesMax: number
  readonly heartbeatMs: number
}

/** A listener that is so far behind for so many heartbeats is cut. */
const FULL_BEATS_MAX = 3
/** How soon a listener that lost its connection should come back. */
const RETRY_MS = 500

/** Answers as a stream of events (WHATWG HTML §9.2) that begins behind `Last-Event-ID`. */
export function createFeedListener(
  request: IncomingMessage,
  response: ServerResponse,
  options: FeedLimits & { readonly clock: Pick<Clock, 'setTimer'> },
): FeedListener {
  const { bufferBytesMax, heartbeatMs, clock } = options
  let place = placeOf(request)
  /** Heartbeats for which it has been full. */
  let fullBeats = 0
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  request.socket.setNoDelay(true)
  response.write(`retry: ${RETRY_MS}\n\n`)

  const isFull = () => response.writableEnded || response.writableLength > bufferBytesMax

  return {
    place: () => place,
    isFull,
    tell(page) {
      if (place === undefined) {
        place = page.head
        response.write(eventOf('ready', place, { seq: place.seq }))
        return
      }
      if (page.isGap) {
        place = page.closings[0] === undefined ? page.head : before(page.closings[0])
        response.write(eventOf('gap', place, { seq: place.seq }))
      }
      for (const closing of page.closings) {
        if (comparePlaces(closing, place) <= 0) continue
        place = { seq: closing.seq, at: closing.at }
        response.write(closingEvent(closing))
      }
    },
    beat(isAllTold) {
      if (response.writableEnded) return
      fullBeats = isFull() ? fullBeats + 1 : 0
      if (fullBeats === 0) {
        if (isAllTold) response.write(': beat\n\n')
      } else if (fullBeats > FULL_BEATS_MAX) {
        response.end(eventOf('slow', undefined, { error: 'you read too slowly; come back' }))
        // What waits for it may wait for ever.
        clock.setTimer(heartbeatMs, () => response.destroy())
      }
    },
    end: () => void response.end(),
  }
}

/** What the listener has read already; a word that is none of ours begins before everything. */
function placeOf({ headers }: IncomingMessage): ClosingPlace | undefined {
  const id = headers['last-event-id']
  if (id === undefined) return undefined
  return readPlace(String(id)) ?? { seq: 0, at: 0 }
}

function before({ seq, at }: Closing): ClosingPlace {
  return at > 0 ? { seq, at: at - 1 } : { seq: seq - 1, at: 0 }
}

function closingEvent(closing: Closing): string {
  const { sid, uid, seq, reason } = closing
  return eventOf('closed', closing, { sid: sid === '' ? null : sid, uid, seq, reason })
}

function eventOf(name: string, place: ClosingPlace | undefined, data: object): string {
  const id = place === undefined ? '' : `id: ${printPlace(place)}\n`
  return `event: ${name}\n${id}data: ${JSON.stringify(data)}\n\n`
}
