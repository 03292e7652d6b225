import { performance } from 'node:perf_hooks'
import { openTalk, type Talk } from './talk.ts'

/** A check that went wrong, and by which connection. */
export interface Failed {
  /** Undefined if it was never connected. */
  readonly localPort: number | undefined
  /** When the connection was asked for, and when the check was sent; the same if it never was. */
  readonly openedMs: number
  readonly sentMs: number
  /** With something else than 200. */
  readonly isAnswered: boolean
  readonly why: string
}

/** Checks of one kind that never end, each caller by a connection that it keeps. */
export interface Callers {
  count(): number
  readonly failures: readonly Failed[]
  /** The ports of those who wait for an answer right now. */
  waiting(): readonly (number | undefined)[]
  /** From one check of a caller to its next; at 0 as soon as it is answered. */
  pace(everyMs: number): void
  stop(): void
}

export interface CallersOptions {
  readonly port: number
  readonly request: Uint8Array
  readonly count: number
}

/** After a failure: nobody asks again at once for ever. */
const RETRY_MS = 5

export function openCallers({ port, request, count }: CallersOptions): Callers {
  const failures: Failed[] = []
  const all = new Set<Caller>()
  let [everyMs, answersCount, isStopped] = [0, 0, false]

  function open(): void {
    if (isStopped) return
    const own: Caller = {
      openedMs: performance.now(),
      dueMs: 0,
      sentMs: undefined,
      timer: undefined,
    }
    all.add(own)

    function ask(): void {
      own.sentMs = performance.now()
      talk.ask(request)
    }
    function askLater(): void {
      const nowMs = performance.now()
      // Who is late does not make up for it.
      own.dueMs = Math.max(nowMs, own.dueMs + everyMs)
      const delayMs = own.dueMs - nowMs
      if (delayMs < 1) ask()
      else own.timer = setTimeout(ask, delayMs)
    }
    function fail(why: string, isAnswered: boolean): void {
      const { localPort, openedMs, sentMs = openedMs } = own
      failures.push({ localPort, openedMs, sentMs, isAnswered, why })
    }

    const talk = openTalk(port, {
      opened() {
        own.localPort = talk.localPort()
        ask()
      },
      answered(status) {
        answersCount++
        if (status !== '200') fail(status, true)
        own.sentMs = undefined
        if (!isStopped) askLater()
      },
      closed(cause) {
        all.delete(own)
        clearTimeout(own.timer)
        if (isStopped) return
        // One that lay idle is opened anew: nobody was failed.
        if (own.sentMs === undefined && own.localPort !== undefined) return open()
        answersCount++
        fail(cause, false)
        setTimeout(open, RETRY_MS)
      },
    })
    own.talk = talk
  }

  for (let caller = 0; caller < count; caller++) open()
  return {
    failures,
    count: () => answersCount,
    waiting: () => [...all].filter((one) => one.sentMs !== undefined).map((one) => one.localPort),
    pace(ms) {
      everyMs = ms
    },
    stop() {
      isStopped = true
      for (const { talk, timer } of all) {
        clearTimeout(timer)
        talk?.destroy()
      }
    },
  }
}

interface Caller {
  readonly openedMs: number
  /** When its next check is due. */
  dueMs: number
  /** When what it waits for was sent; undefined while it waits for nothing. */
  sentMs: number | undefined
  timer: NodeJS.Timeout | undefined
  localPort?: number | undefined
  talk?: Talk
}
