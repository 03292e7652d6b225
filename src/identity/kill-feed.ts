import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../core/clock.ts'
import { printPlace, readPlace } from '../store/closings.ts'
import type { IdentityStores } from '../store/stores.ts'
import { createFeedListener, type FeedLimits, type FeedListener } from './feed-listener.ts'

/** Tells those who hold connections of sessions, as server-sent events, which sessions ended. */
export interface KillFeed {
  /** One listener on its way; see docs/kill-feed.md for what it reads. */
  open(request: IncomingMessage, response: ServerResponse): void
  /** Begins to hear of new closings. Never rejects. */
  start(): Promise<void>
  listenersCount(): number
  close(): void
}

export interface KillFeedOptions extends Partial<FeedLimits> {
  readonly closings: IdentityStores['closings']
  readonly clock: Pick<Clock, 'setTimer'>
  readonly onFault: (fault: unknown) => void
}

/** Upstreams, not browsers: a few processes each hold one. */
const LISTENERS_MAX = 48
const BUFFER_BYTES_MAX = 128 * 1024
/** A listener that hears nothing for three of these has lost its connection. */
const HEARTBEAT_MS = 5_000
/** A push may be lost; the stream is looked at this often whatever was pushed. */
const LOOK_EVERY_MS = 1_000

export function createKillFeed(options: KillFeedOptions): KillFeed {
  const { closings, clock, onFault } = options
  const { bufferBytesMax = BUFFER_BYTES_MAX, heartbeatMs = HEARTBEAT_MS } = options
  const listeners = new Set<FeedListener>()
  const tail = createTail(closings, listeners, onFault)
  let stopTimers: readonly (() => void)[] = []
  let isClosed = false

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
      const listener = createFeedListener(request, response, { bufferBytesMax, heartbeatMs, clock })
      listeners.add(listener)
      for (const end of ['close', 'error', 'finish']) {
        response.on(end, () => listeners.delete(listener))
      }
      response.on('drain', tail.look)
      tail.look()
    },
    async start() {
      const beat = () => {
        for (const one of listeners) one.beat(!tail.isBlind())
      }
      stopTimers = [every(LOOK_EVERY_MS, tail.look), every(heartbeatMs, beat)]
      const handler = { invalidated: tail.look, interrupted: tail.look }
      await closings.subscribe(handler).catch(onFault)
    },
    listenersCount: () => listeners.size,
    close() {
      isClosed = true
      tail.close()
      for (const stop of stopTimers) stop()
      for (const one of listeners) one.end()
    },
  }
}

/** Reads for all listeners what is new, one reading at a time. */
function createTail(
  closings: KillFeedOptions['closings'],
  listeners: ReadonlySet<FeedListener>,
  onFault: (fault: unknown) => void,
) {
  let isLooking = false
  let isToLookAgain = false
  /** Nothing can be read: a heartbeat would say that all is told. */
  let isBlind = false
  let isClosed = false

  /** Listeners that stand at the same place are read for once. */
  async function readAll(): Promise<void> {
    const byPlace = new Map<string, FeedListener[]>()
    for (const one of listeners) {
      if (one.isFull()) continue
      const place = one.place()
      const name = place === undefined ? '' : printPlace(place)
      byPlace.set(name, [...(byPlace.get(name) ?? []), one])
    }
    for (const [name, those] of byPlace) {
      const page = await closings.closedSince(readPlace(name))
      for (const one of those) one.tell(page)
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

  return {
    isBlind: () => isBlind,
    look(): void {
      isToLookAgain = true
      if (!isLooking) void lookOn()
    },
    close(): void {
      isClosed = true
    },
  }
}
