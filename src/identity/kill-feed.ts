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
import type { IdentityStores } from '../store/stores.ts'

/** Tells those who hold connections of sessions, as server-sent events, which sessions ended. */
export interface KillFeed {
  /** One listener on its way; see docs/kill-feed.md for what it reads. */
  open(request: IncomingMessage, response: ServerResponse): void
  /** Begins to hear of new closings. Never rejects. */
  start(): Promise<void>
  listenersCount(): number
  close(): void
}

export interface KillFeedOptions {
  readonly closings: IdentityStores['closings']
  readonly clock: Pick<Clock, 'setTimer'>
  readonly onFault: (fault: unknown) => void
  /** Bytes that may wait for one listener. */
  readonly bufferBytesMax?: number
  readonly heartbeatMs?: number
}

/** Upstreams, not browsers: a few processes each hold one. */
const LISTENERS_MAX = 48
/** A listener that reads nothing is cut when so much waits for it: some 1,500 closings. */
const BUFFER_BYTES_MAX = 256 * 1024
/** A listener that hears nothing for three of these has lost its connection. */
const HEARTBEAT_MS = 5_000
/** A push may be lost; the stream is looked at this often whatever was pushed. */
const LOOK_EVERY_MS = 1_000
/** How soon a listener that lost its connection should come back. */
const RETRY_MS = 500

interface Listener {
  readonly response: ServerResponse
  /** Undefined until it is known where it begins. */
  place: ClosingPlace | undefined
}

export function createKillFeed(options: KillFeedOptions): KillFeed {
  const { closings, clock, onFault } = options
  const { bufferBytesMax = BUFFER_BYTES_MAX, heartbeatMs = HEARTBEAT_MS } = options
  const listeners = new Set<Listener>()
  let isLooking = false
  let isToLookAgain = false
  /** Nothing can be read: a heartbeat would say that all is told. */
  let isBlind = false
  let stopTimers: readonly (() => void)[] = []
  let isClosed = false

  function drop(listener: Listener): void {
    listeners.delete(listener)
    listener.response.end()
  }

  /** Whoever does not read is cut, and reads what it missed when it comes back. */
  function write(listener: Listener, text: string): boolean {
    const { response } = listener
    if (!listeners.has(listener)) return false
    if (response.writableLength + text.length > bufferBytesMax) {
      response.write('event: slow\ndata: {"error":"you read too slowly; come back"}\n\n')
      drop(listener)
      // What waits for it may wait for ever.
      clock.setTimer(heartbeatMs, () => response.destroy())
      return false
    }
    response.write(text)
    return true
  }

  function tell(listener: Listener, page: ClosingPage): void {
    if (listener.place === undefined) {
      listener.place = page.head
      write(listener, eventOf('ready', page.head, { seq: page.head.seq }))
      return
    }
    if (page.isGap) {
      const place = page.closings[0] === undefined ? page.head : before(page.closings[0])
      listener.place = place
      if (!write(listener, eventOf('gap', place, { seq: place.seq }))) return
    }
    for (const closing of page.closings) {
      if (comparePlaces(closing, listener.place) <= 0) continue
      listener.place = { seq: closing.seq, at: closing.at }
      if (!write(listener, closingEvent(closing))) return
    }
  }

  /** Listeners that stand at the same place are read for once. */
  async function readAll(): Promise<void> {
    const byPlace = new Map<string, Listener[]>()
    for (const one of listeners) {
      const place = one.place === undefined ? '' : printPlace(one.place)
      byPlace.set(place, [...(byPlace.get(place) ?? []), one])
    }
    for (const [place, those] of byPlace) {
      const page = await closings.closedSince(readPlace(place))
      for (const one of those) tell(one, page)
      if (page.closings.length > 0) isToLookAgain = true
    }
  }

  async function lookOn(): Promise<void> {
    isLooking = true
    try {
      while (isToLookAgain && !isClosed && listeners.size > 0) {
        isToLookAgain = false
        await readAll()
        isBlind = false
      }
    } catch (fault) {
      if (!isBlind) onFault(fault)
      isBlind = true
    } finally {
      isLooking = false
    }
  }

  function look(): void {
    isToLookAgain = true
    if (!isLooking) void lookOn()
  }

  function every(delayMs: number, call: () => void): () => void {
    let stop = (): void => undefined
    const again = (): void => {
      stop = clock.setTimer(delayMs, () => {
        call()
        again()
      })
    }
    again()
    return () => stop()
  }

  return {
    open(request, response) {
      if (listeners.size >= LISTENERS_MAX || isClosed) {
        response.writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '5' })
        response.end('{"error":"too many listeners already"}\n')
        return
      }
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      request.socket.setNoDelay(true)
      response.write(`retry: ${RETRY_MS}\n\n`)
      const listener: Listener = { response, place: placeOf(request) }
      listeners.add(listener)
      response.on('close', () => listeners.delete(listener))
      response.on('error', () => listeners.delete(listener))
      look()
    },
    async start() {
      stopTimers = [
        every(LOOK_EVERY_MS, look),
        every(heartbeatMs, () => {
          if (!isBlind) for (const one of listeners) write(one, ': beat\n\n')
        }),
      ]
      await closings.subscribe({ invalidated: look, interrupted: look }).catch(onFault)
    },
    listenersCount: () => listeners.size,
    close() {
      isClosed = true
      for (const stop of stopTimers) stop()
      for (const one of listeners) drop(one)
    },
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

function eventOf(name: string, place: ClosingPlace, data: object): string {
  return `event: ${name}\nid: ${printPlace(place)}\ndata: ${JSON.stringify(data)}\n\n`
}
