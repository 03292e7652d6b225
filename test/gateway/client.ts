/** A client that speaks raw bytes, so that a test decides about every one of them. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../src/config/root.ts'

export interface HeardReply {
  readonly status: number
  /** In lower case, in order, repeats apart. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface Exchange {
  readonly replies: readonly HeardReply[]
  readonly isClosed: boolean
  readonly raw: string
  readonly elapsedMs: number
}

export interface ExchangeOptions {
  /** How many replies to wait for; then the client hangs up. Default 1. */
  readonly repliesCount?: number
  /** Wait for the server to hang up, too. */
  readonly untilClosed?: boolean
  readonly isHead?: boolean
  readonly withinMs?: number
}

/**
 * Resolves when a server of this process has read what was written: on a busy machine a sleep alone
 * lets two pieces arrive as one.
 */
async function untilRead(socket: Socket): Promise<void> {
  const isSending = () => socket.connecting || socket.writableLength > 0
  while (!socket.destroyed && isSending()) await sleep(1)
  await sleep(12)
  for (let turn = 0; turn < 2; turn++) await nextTurn()
}

/** Sends the parts as separate segments and listens until it has what was asked for. */
export async function exchange(
  at: number | string,
  parts: string | readonly string[],
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const { repliesCount = 1, untilClosed = false, isHead = false, withinMs = 4_000 } = options
  const startMs = performance.now()
  const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at)
  socket.setNoDelay(true)
  let raw = ''
  let isClosed = false
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, withinMs)
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    socket.on('data', (chunk) => {
      raw += chunk.toString('latin1')
      if (!untilClosed && readReplies(raw, isHead).length >= repliesCount) finish()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      isClosed = true
      finish()
    })
  })
  const pieces = typeof parts === 'string' ? [parts] : parts
  for (const [at, piece] of pieces.entries()) {
    if (raw === '' && at > 0) await untilRead(socket)
    socket.write(Buffer.from(piece, 'latin1'))
  }
  await done
  socket.destroy()
  return {
    replies: readReplies(raw, isHead),
    isClosed,
    raw,
    elapsedMs: performance.now() - startMs,
  }
}

/** Every whole reply in what was heard so far. */
function readReplies(raw: string, isHead: boolean): HeardReply[] {
  const replies: HeardReply[] = []
  let at = 0
  for (;;) {
    const headEnd = raw.indexOf('\r\n\r\n', at)
    if (headEnd === -1) return replies
    const [statusLine = '', ...lines] = raw.slice(at, headEnd).split('\r\n')
    const headers = lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })
    const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0)
    const bodyEnd = headEnd + 4 + (isHead ? 0 : length)
    if (bodyEnd > raw.length) return replies
    const body = raw.slice(headEnd + 4, bodyEnd)
    replies.push({ status: Number(statusLine.split(' ')[1]), headers, body })
    at = bodyEnd
  }
}

/** Every value of a header. */
export function valuesOf(reply: HeardReply | undefined, name: string): string[] {
  return (reply?.headers ?? []).filter(([key]) => key === name).map(([, value]) => value)
}

/** A recorded subrequest, as it is on the wire. */
export function readWire(name: string): string {
  const text = readFileSync(join(projectRoot, 'test/wire', `${name}.txt`), 'latin1')
  const headEnd = text.indexOf('\n\n') + 2
  return text.slice(0, headEnd).replaceAll('\n', '\r\n') + text.slice(headEnd)
}

/** A request head with these lines. */
export function head(requestLine: string, ...lines: string[]): string {
  return `${[requestLine, ...lines].join('\r\n')}\r\n\r\n`
}
