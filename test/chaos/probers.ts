import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { ProbeLog, Verdict } from './probe-log.ts'

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
const HEAD_END = '\r\n\r\n'

/** Asks one authorizer again and again, one probe at a time but for those it does not answer. */
export function startProber(options: ProberOptions): Prober {
  const strays = new Set<Socket>()
  let isStopped = false
  let current: Socket | undefined
  let timer: NodeJS.Timeout | undefined

  function later(call: () => void, delayMs: number): void {
    timer = setTimeout(call, delayMs)
  }

  function open(): void {
    if (isStopped) return
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true })
    current = socket
    createTalk(options, socket, {
      goOn(ask) {
        if (isStopped) socket.destroy()
        else if (strays.delete(socket)) socket.end()
        else if (options.pauseMs === 0) ask()
        else later(ask, options.pauseMs)
      },
      waits() {
        if (socket !== current || strays.size >= STRAYS_MAX || isStopped) return false
        strays.add(socket)
        open()
        return true
      },
      closed() {
        const isStray = strays.delete(socket)
        if (!isStray && socket === current) later(open, RECONNECT_MS)
      },
    })
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
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(request))
    socket.setTimeout(PATIENCE_MS, () => socket.destroy())
    socket.once('data', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve())
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
function createTalk({ log, next, worker }: ProberOptions, socket: Socket, turns: Turns): void {
  let asked: { readonly startMs: number; readonly credential: number } | undefined
  let text = ''
  let watch: NodeJS.Timeout | undefined

  function note(verdict: Verdict): void {
    clearInterval(watch)
    if (asked !== undefined) log.add({ ...asked, endMs: performance.now(), worker, verdict })
    asked = undefined
  }

  function ask(): void {
    if (socket.destroyed) return
    const { credential, request } = next(worker)
    asked = { startMs: performance.now(), credential }
    watch = setInterval(() => turns.waits() && clearInterval(watch), PATIENCE_MS)
    socket.write(request)
  }

  socket.once('connect', ask)
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const headEnd = text.indexOf(HEAD_END)
    if (headEnd < 0 || text.length < headEnd + HEAD_END.length + bodyLength(text)) return
    const status = text.slice(9, 12)
    text = ''
    note(verdictOf(status))
    turns.goOn(ask)
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    note('lost')
    turns.closed()
  })
}

function bodyLength(text: string): number {
  return Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
}

function verdictOf(status: string): Verdict {
  if (status === '200') return 'allow'
  if (status === '401') return 'deny'
  return status === '403' ? 'unavailable' : 'broken'
}
