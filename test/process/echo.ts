import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** One request as the upstream saw it. */
export interface Received {
  readonly method: string
  /** The request target, untouched. */
  readonly url: string
  /** Name, value, name, value … in order and in the spelling received. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Echo {
  readonly url: string
  readonly port: number
  /** Oldest first; beyond 10,000 the oldest are dropped. */
  readonly received: readonly Received[]
  /** The latest request, or an assertion-friendly error if none came. */
  last(): Received
  clear(): void
  stop(): Promise<void>
}

/** What the upstream's WebSocket sends right after its handshake: one text frame, "hello". */
export const WEBSOCKET_GREETING: Buffer = Buffer.from('\x81\x05hello', 'latin1')

const RECEIVED_MAX = 10_000
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Every value of a header, whatever its case and however often it came. */
export function headerValues(received: Received, name: string): string[] {
  const wanted = name.toLowerCase()
  return received.rawHeaders.filter(
    (_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === wanted,
  )
}

/**
 * The application behind a gateway: answers 200 with what it received as JSON, accepts WebSocket
 * handshakes (RFC 6455 §4.2.2), and remembers every request.
 */
export async function startEcho(): Promise<Echo> {
  const received: Received[] = []
  const upgraded = new Set<Duplex>()
  const record = (request: IncomingMessage, body: string): Received => {
    const entry: Received = {
      method: request.method ?? '',
      url: request.url ?? '',
      rawHeaders: [...request.rawHeaders],
      body,
    }
    received.push(entry)
    if (received.length > RECEIVED_MAX) received.shift()
    return entry
  }

  const server = createServer({ maxHeaderSize: 131_072 }, (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => {
      body += part
    })
    request.once('end', () => replyJson(response, record(request, body)))
  })
  server.on('upgrade', (request, socket) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    socket.on('error', () => socket.destroy())
    record(request, '')
    acceptWebSocket(request, socket as Socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    last() {
      const latest = received.at(-1)
      if (latest === undefined) throw new Error('the upstream received no request')
      return latest
    },
    clear: () => void received.splice(0),
    stop: () =>
      new Promise((resolve) => {
        for (const socket of upgraded) socket.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function replyJson(response: ServerResponse, entry: Received): void {
  const body = JSON.stringify(entry)
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function acceptWebSocket(request: IncomingMessage, socket: Socket): void {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.write(WEBSOCKET_GREETING)
}
