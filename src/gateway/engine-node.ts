import { chmod, unlink } from 'node:fs/promises'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { type Address, parseAddress } from '../core/address.ts'
import { readIdentity } from '../core/identity-lines.ts'
import { DECISION_HEADER } from './decision-id.ts'
import {
  acceptSafely,
  type Callbacks,
  cannotListen,
  type Engine,
  HEAD_BYTES_MAX,
  type Inbound,
  type ListenAt,
  type Listening,
  type Outbound,
  SOCKET_MODE,
} from './engine.ts'
import { createLoad, type Load } from './load.ts'
import type { Reply } from './reply.ts'
import { clearSocketPath } from './socket-path.ts'

/** A head must be complete within this. */
const HEAD_WITHIN_MS = 10_000
/** Longer than gateways keep theirs, so that it is the gateway that closes (nginx: 60 s). */
const IDLE_MS = 75_000

interface State {
  readonly callbacks: Callbacks
  readonly load: Load
  readonly isLocal: boolean
  /** Asking a socket for its address is a system call. */
  readonly peers: WeakMap<Socket, Address>
  isDraining: boolean
}

export function createNodeEngine(): Engine {
  const server = createHttpServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: HEAD_WITHIN_MS,
    requestTimeout: HEAD_WITHIN_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 2_000,
  })
  // Node's own limit drops further headers silently; server.ts counts and refuses.
  server.maxHeadersCount = 0
  const load = createLoad()
  let state: State | undefined
  let socketPath: string | undefined

  async function listen(at: ListenAt, callbacks: Callbacks): Promise<Listening> {
    const isLocal = 'path' in at
    if (isLocal) await clearSocketPath(at.path)
    const opened: State = { callbacks, load, isLocal, peers: new WeakMap(), isDraining: false }
    state = opened
    if (Number.isFinite(callbacks.connectionsMax)) server.maxConnections = callbacks.connectionsMax
    server.on('drop', callbacks.onCrowded)
    server.on('connection', (socket) => {
      load.connections++
      socket.once('close', () => {
        load.connections--
        load.settle()
      })
    })
    const accept = (request: IncomingMessage, response: ServerResponse) =>
      acceptRequest(opened, request, response)
    server.on('request', accept)
    // Node would answer these itself: 100 before anything is decided, and 417.
    server.on('checkContinue', accept)
    server.on('checkExpectation', accept)
    await bind(server, at)
    if (!isLocal) return { port: (server.address() as AddressInfo).port }
    socketPath = at.path
    await chmod(at.path, SOCKET_MODE)
    return { port: 0 }
  }

  return {
    kind: 'node',
    listen,
    drain(withinMs) {
      // Not http.Server's close(): it cuts idle connections, and with them requests on the way.
      if (server.listening) NetServer.prototype.close.call(server)
      if (state !== undefined) state.isDraining = true
      return load.drained(withinMs)
    },
    async close() {
      // Ends the timer of connectionsCheckingInterval; an error only says that it was closed.
      server.close(() => undefined)
      server.closeAllConnections()
      if (socketPath !== undefined) await unlink(socketPath).catch(() => undefined)
    },
  }
}

function bind(server: NetServer, at: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => reject(cannotListen(at, code)))
    if ('path' in at) server.listen(at.path, resolve)
    else server.listen({ ...at, exclusive: at.mode === 'exclusive' }, resolve)
  })
}

function acceptRequest(state: State, request: IncomingMessage, response: ServerResponse): void {
  const outbound = new NodeOutbound(state, response, request.method === 'HEAD')
  acceptSafely(state.callbacks, new NodeInbound(state, request), outbound)
  // What follows the head is nobody's business here, but must not stop the connection.
  request.resume()
}

class NodeInbound implements Inbound {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly isLocal: boolean
  readonly peer: Address | undefined
  readonly #request: IncomingMessage

  constructor(state: State, request: IncomingMessage) {
    const target = request.url ?? ''
    const question = target.indexOf('?')
    this.method = request.method ?? ''
    this.path = question === -1 ? target : target.slice(0, question)
    this.query = question === -1 ? '' : target.slice(question + 1)
    this.isLocal = state.isLocal
    this.peer = state.isLocal ? undefined : readPeer(state, request.socket)
    this.#request = request
  }

  forEachHeader(see: (name: string, value: string) => void): void {
    const { rawHeaders } = this.#request
    for (let at = 0; at < rawHeaders.length; at += 2) {
      see((rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string)
    }
  }
}

function readPeer(state: State, socket: Socket): Address | undefined {
  const known = state.peers.get(socket)
  if (known !== undefined) return known
  const address = parseAddress(socket.remoteAddress ?? '')
  if (address !== undefined) state.peers.set(socket, address)
  return address
}

class NodeOutbound implements Outbound {
  isOver = false
  isHeld = false
  readonly #state: State
  readonly #response: ServerResponse
  readonly #isHead: boolean

  constructor(state: State, response: ServerResponse, isHead: boolean) {
    this.#state = state
    this.#response = response
    this.#isHead = isHead
    const { load } = state
    load.requests++
    // Fires once: after the last byte was handed over, or when the caller went away.
    response.once('close', () => {
      this.isOver = true
      load.requests--
      load.settle()
    })
  }

  hold(): void {
    this.isHeld = true
  }

  reply(reply: Reply, isLast: boolean, decisionId?: Uint8Array, lines?: string): void {
    if (this.isOver) return
    this.isOver = true
    const response = this.#response
    try {
      const granted = lines === undefined ? [] : readIdentity(lines)
      const length = String(Buffer.byteLength(reply.body))
      const headers = [...granted, ...reply.headers, 'Content-Length', length]
      if (decisionId !== undefined) {
        headers.push(DECISION_HEADER, textOf(decisionId))
      }
      if (isLast || this.#state.isDraining) headers.push('Connection', 'close')
      response.writeHead(reply.status, reply.statusLine.slice(4), headers)
      if (this.#isHead) response.end()
      else response.end(reply.body)
    } catch (cause) {
      this.#state.callbacks.onBug(cause)
      response.destroy()
    }
  }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
