import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { percentile } from '../statistics.ts'
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
  /** When its request was due, or FREE. */
  dueMs: number
  /** Told of each whole answer. */
  hear: (line: Line, isAllowed: boolean) => void
}

const FREE = -1

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
 *
 * All phases are run by the same functions, made once: V8 compiles what is made anew again, and
 * who was due in that tenth of a second was late by the generator alone.
 */
function createAsker({ requests, isDropping }: Loop, lines: readonly Line[]) {
  const counts = { due: 0, answered: 0, dropped: 0, refused: 0 }
  let phase: Phase = { perSecond: 0, seconds: 0 }
  let total = 0
  let heard = createHeard(0)
  let free: Line[] = []
  let waiting: number[] = []
  // `shift` would move all that wait: beyond capacity they are many.
  let waitingFrom = 0
  let at = 0
  let startMs = 0
  let lastTurnMs = 0
  let awayMs = 0
  let end = (): void => undefined

  function send(line: Line, dueMs: number): void {
    line.dueMs = dueMs
    at = at + 1 < requests.length ? at + 1 : 0
    line.socket.write(requests[at] as Buffer)
  }

  function hear(line: Line, isAllowed: boolean): void {
    const nowMs = performance.now()
    // What an earlier phase asked for is heard too, and may be more than this one asks.
    if (counts.answered < total) {
      heard.latenciesMs[counts.answered] = nowMs - line.dueMs
      heard.atMs[counts.answered] = nowMs - startMs
    }
    counts.answered++
    if (!isAllowed) counts.refused++
    line.dueMs = FREE
    if (waitingFrom < waiting.length) send(line, waiting[waitingFrom++] as number)
    else free.push(line)
  }

  function turn(): void {
    const nowMs = performance.now()
    awayMs = Math.max(awayMs, nowMs - lastTurnMs)
    lastTurnMs = nowMs
    const dueCount = Math.min(total, Math.floor(((nowMs - startMs) / 1000) * phase.perSecond))
    for (; counts.due < dueCount; counts.due++) {
      const dueMs = startMs + (counts.due * 1000) / phase.perSecond
      const line = free.pop()
      if (line !== undefined) send(line, dueMs)
      else if (isDropping) counts.dropped++
      else waiting.push(dueMs)
    }
    const isDone = counts.due === total && free.length === lines.length
    if (isDone || nowMs > startMs + phase.seconds * 1000 + LINGER_MS) end()
    else setImmediate(turn)
  }
  for (const line of lines) line.hear = hear

  return async function ask(asked: Phase): Promise<Looped> {
    phase = asked
    total = Math.round(phase.perSecond * phase.seconds)
    heard = createHeard(total)
    Object.assign(counts, { due: 0, answered: 0, dropped: 0, refused: 0 })
    free = lines.filter(({ dueMs }) => dueMs === FREE)
    waiting = []
    waitingFrom = 0
    awayMs = 0
    startMs = performance.now()
    lastTurnMs = startMs
    await new Promise<void>((resolve) => {
      end = resolve
      turn()
    })
    const elapsedMs = performance.now() - startMs
    return { ...counts, elapsedMs, awayMs, ...summarize(heard, Math.min(counts.answered, total)) }
  }
}

/** Each answer's latency and when it was heard, in the order of hearing. */
interface Heard {
  readonly latenciesMs: Float64Array
  readonly atMs: Float64Array
}

/**
 * Made, and touched, before the first request is due: memory that is new to a process comes page
 * by page, and while the generator waited for a histogram's, 15 ms each, it asked nobody.
 */
function createHeard(total: number): Heard {
  return { latenciesMs: new Float64Array(total).fill(-1), atMs: new Float64Array(total).fill(-1) }
}

function summarize({ latenciesMs, atMs }: Heard, count: number) {
  const windowsP99Ms: number[] = []
  for (let from = 0; from < count; ) {
    const endMs = (windowsP99Ms.length + 1) * WINDOW_MS
    let to = from
    while (to < count && (atMs[to] as number) < endMs) to++
    const window = latenciesMs.subarray(from, to)
    // In a window without an answer nothing was quick.
    windowsP99Ms.push(to === from ? Number.MAX_VALUE : percentile(window, 0.99))
    from = to
  }
  const all = latenciesMs.subarray(0, count)
  const at = (share: number) => (count === 0 ? 0 : percentile(all, share))
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1), windowsP99Ms }
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
      if (!isBegun) line.hear(line, isAllowed)
      return true
    }
    const onread = { buffer, callback: read }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
    const line: Line = { socket, dueMs: FREE, hear: () => undefined }
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
  const ask = createAsker({ requests, isDropping: asked.isDropping }, lines)
  const results: Looped[] = []
  for (const phase of asked.phases) results.push(await ask(phase))
  for (const { socket } of lines) socket.destroy()
  process.stdout.write(`${JSON.stringify(results)}\n`)
}

const [, , file] = process.argv
if (file !== undefined && import.meta.url.endsWith('/open-loop.js')) await main(file)
