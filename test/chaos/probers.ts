import { performance } from 'node:perf_hooks'
import type { ProbeLog, Verdict } from './probe-log.ts'
import { openTalk, type Talk } from './talk.ts'

export interface ProberOptions {
  readonly worker: number
  readonly port: number
  readonly log: ProbeLog
  /** What to ask next: a credential's number and its whole request. */
  readonly next: (worker: number) => { readonly credential: number; readonly request: Buffer }
  /** From the answer to one probe to the next. */
  readonly pauseMs: number
}

export interface Prober {
  stop(): void
}

/**
 * A probe that waits so long is left to itself, and the next goes by a new connection: so that a
 * stopped authorizer has probes in its queue that were sent after an acknowledgement.
 */
const PATIENCE_MS = 300
const STRAYS_MAX = 12
const RECONNECT_MS = 20
/** How often it is looked who waits: a timer for each probe would cost as much as the probe. */
const LOOK_EVERY_MS = 50

/** Asks one authorizer again and again, one probe at a time but for those it does not answer. */
export function startProber(options: ProberOptions): Prober {
  const strays = new Set<Talk>()
  let isStopped = false
  let current: Talk | undefined
  let timer: NodeJS.Timeout | undefined

  function later(call: () => void, delayMs: number): void {
    timer = setTimeout(call, delayMs)
  }

  function open(): void {
    if (isStopped) return
    const talk: Talk = startTalk(options, {
      goOn(ask) {
        if (isStopped) talk.destroy()
        else if (strays.delete(talk)) talk.end()
        else if (options.pauseMs === 0) ask()
        else later(ask, options.pauseMs)
      },
      waits() {
        if (talk !== current || strays.size >= STRAYS_MAX || isStopped) return false
        strays.add(talk)
        open()
        return true
      },
      closed() {
        const isStray = strays.delete(talk)
        if (!isStray && talk === current) later(open, RECONNECT_MS)
      },
    })
    current = talk
  }

  open()
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
      current?.destroy()
      for (const stray of strays) stray.destroy()
    },
  }
}

/** Asks once, not as a probe: so that an authorizer remembers what is about to be taken away. */
export function askOnce(port: number, request: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const talk = openTalk(port, {
      opened: () => talk.ask(request),
      answered: () => talk.destroy(),
      closed() {
        clearTimeout(timer)
        resolve()
      },
    })
    const timer = setTimeout(talk.destroy, PATIENCE_MS)
  })
}

interface Turns {
  /** The answer came: ask again by this connection, or not. */
  goOn(ask: () => void): void
  /** No answer for so long; true once somebody else goes on. */
  waits(): boolean
  closed(): void
}

/** One connection: request, whole response, request. */
function startTalk({ log, next, worker, port }: ProberOptions, turns: Turns): Talk {
  let asked: { readonly startMs: number; readonly credential: number } | undefined
  let patientUntilMs = 0

  function note(verdict: Verdict): void {
    if (asked === undefined) return
    const { startMs, credential } = asked
    asked = undefined
    log.add({ startMs, endMs: performance.now(), credential, worker, verdict })
  }

  function ask(): void {
    const { credential, request } = next(worker)
    const startMs = performance.now()
    asked = { startMs, credential }
    patientUntilMs = startMs + PATIENCE_MS
    talk.ask(request)
  }

  const watch = setInterval(() => {
    const nowMs = performance.now()
    if (asked === undefined || nowMs < patientUntilMs) return
    patientUntilMs = nowMs + PATIENCE_MS
    if (turns.waits()) clearInterval(watch)
  }, LOOK_EVERY_MS)
  const talk = openTalk(port, {
    opened: ask,
    answered(status) {
      note(verdictOf(status))
      turns.goOn(ask)
    },
    closed() {
      clearInterval(watch)
      note('lost')
      turns.closed()
    },
  })
  return talk
}

function verdictOf(status: string): Verdict {
  if (status === '200') return 'allow'
  if (status === '401') return 'deny'
  return status === '403' ? 'unavailable' : 'broken'
}
