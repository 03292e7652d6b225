import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { hurry } from './hurry.ts'
import type { Workload } from './workload.ts'

/** So many requests a second for so long, whether or not earlier ones were answered. */
export interface Phase {
  readonly perSecond: number
  readonly seconds: number
}

export interface OpenLoop {
  readonly port: number
  readonly connections: number
  readonly workload: Workload
  readonly phases: readonly Phase[]
  /** Whether a request that finds no connection free is dropped, as a full gateway would. */
  readonly isDropping: boolean
}

export interface Looped {
  readonly due: number
  readonly answered: number
  readonly dropped: number
  readonly refused: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  /** The longest time for which this process itself was not there to ask or to hear. */
  readonly awayMs: number
  /** p99 of each tenth of a second. */
  readonly windowsP99Ms: readonly number[]
}

const WINDOW_MS = 100
/** A phase ends with this at the latest after its last request was due. */
const LINGER_MS = 2_000

interface Line {
  readonly socket: Socket
  /** When its request was due; -1 while it is free. */
  dueMs: number
  /** Told of each whole answer. */
  hear: (isAllowed: boolean) => void
}

const CARRIAGE_RETURN = 13
const NEWLINE = 10
const BRACE = 125
/** Where a status begins: `HTTP/1.1 200`. */
const STATUS_AT = 9
const TWO = 50
/** Longer than any answer that is asked for here. */
const READ_BYTES = 4_096

/**
 * Sends each request when it is due. Its latency counts from then, though no connection may have
 * been free: a server that stalls is charged for all who would have asked meanwhile.
 */
async function runPhase(loop: Loop, phase: Phase, lines: readonly Line[]): Promise<Looped> {
  const { requests, isDropping } = loop
  const all = createHistogram()
  let window = createHistogram()
  const windowsP99Ms: number[] = []
  const counts = { due: 0, answered: 0, dropped: 0, refused: 0 }
  const waiting: number[] = []
  // `shift` would move all that wait: beyond capacity they are many.
  let waitingFrom = 0
  let at = 0
  const startMs = performance.now()

  function send(line: Line, dueMs: number): void {
    line.dueMs = dueMs
    at = at + 1 < requests.length ? at + 1 : 0
    line.socket.write(requests[at] as Buffer)
  }
  const free = lines.filter(({ dueMs }) => dueMs < 0)
  for (const line of lines) {
    line.hear = (isAllowed) => {
      const latencyNs = Math.max(1, Math.round((performance.now() - line.dueMs) * 1e6))
      all.record(latencyNs)
      window.record(latencyNs)
      counts.answered++
      if (!isAllowed) counts.refused++
      const next = waiting[waitingFrom]
      line.dueMs = -1
      if (next === undefined) free.push(line)
      else {
        waitingFrom++
        send(line, next)
      }
    }
  }

  const total = Math.round(phase.perSecond * phase.seconds)
  const endMs = startMs + phase.seconds * 1000
  let windowEndMs = startMs + WINDOW_MS
  let lastTurnMs = startMs
  let awayMs = 0
  await new Promise<void>((resolve) => {
    function turn(): void {
      const nowMs = performance.now()
      awayMs = Math.max(awayMs, nowMs - lastTurnMs)
      lastTurnMs = nowMs
      if (nowMs >= windowEndMs) {
        windowsP99Ms.push(window.percentile(99) / 1e6)
        window = createHistogram()
        windowEndMs += WINDOW_MS
      }
      const dueCount = Math.min(total, Math.floor(((nowMs - startMs) / 1000) * phase.perSecond))
      for (; counts.due < dueCount; counts.due++) {
        const dueMs = startMs + (counts.due * 1000) / phase.perSecond
        const line = free.pop()
        if (line !== undefined) send(line, dueMs)
        else if (isDropping) counts.dropped++
        else waiting.push(dueMs)
      }
      const isDone = counts.due === total && free.length === lines.length
      if (isDone || nowMs > endMs + LINGER_MS) resolve()
      else setImmediate(turn)
    }
    turn()
  })
  const elapsedMs = performance.now() - startMs
  return { ...counts, elapsedMs, ...percentilesOf(all), awayMs, windowsP99Ms }
}

function percentilesOf(all: RecordableHistogram) {
  const ms = (percent: number) => all.percentile(percent) / 1e6
  return { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9), maxMs: all.max / 1e6 }
}

/** What all phases share; requests are built once. */
interface Loop {
  readonly requests: readonly Buffer[]
  readonly isDropping: boolean
}

async function openLines({ port, connections }: OpenLoop): Promise<Line[]> {
  return Promise.all(Array.from({ length: connections }, () => openLine(port)))
}

/**
 * One connection, read into memory of its own: streams and texts would cost the generator more
 * than an answer costs the server.
 */
function openLine(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    let isBegun = false
    let isAllowed = false
    function read(bytesCount: number): boolean {
      if (!isBegun) isAllowed = buffer[STATUS_AT] === TWO
      const last = buffer[bytesCount - 1]
      const isHead = last === NEWLINE && buffer[bytesCount - 2] === CARRIAGE_RETURN
      isBegun = !isHead && last !== BRACE
      if (!isBegun) line.hear(isAllowed)
      return true
    }
    const onread = { buffer, callback: read }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
    const line: Line = { socket, dueMs: -1, hear: () => undefined }
    socket.once('connect', () => resolve(line))
    socket.once('error', reject)
  })
}

/** One request file, whose phases run one after the other; prints one line of JSON. */
async function main(file: string): Promise<void> {
  hurry()
  const asked = JSON.parse(readFileSync(file, 'utf8')) as OpenLoop
  const { head, variants, tail } = asked.workload
  const requests = variants.map((variant) => Buffer.from(head + variant + tail, 'latin1'))
  const lines = await openLines(asked)
  const results: Looped[] = []
  for (const phase of asked.phases) {
    results.push(await runPhase({ requests, isDropping: asked.isDropping }, phase, lines))
  }
  for (const { socket } of lines) socket.destroy()
  process.stdout.write(`${JSON.stringify(results)}\n`)
}

const [, , file] = process.argv
if (file !== undefined && import.meta.url.endsWith('/open-loop.js')) await main(file)
