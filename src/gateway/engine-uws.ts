import type * as Uws from 'uWebSockets.js'
import { chmod, unlink } from 'node:fs/promises'
import { type Address, readAddress } from '../core/address.ts'
import { DECISION_HEADER, DECISION_ID_CHARS } from './decision-id.ts'
import {
  acceptSafely,
  type Callbacks,
  type Engine,
  EngineError,
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

type UwsModule = typeof Uws
export type LoadedUws =
  | { readonly kind: 'loaded'; readonly uws: UwsModule }
  | { readonly kind: 'missing'; readonly why: string }

/** Loads the binary for this platform, if there is one. */
export async function loadUws(): Promise<LoadedUws> {
  // The library reads its limit from the environment when it is loaded, and has no other door.
  process.env.UWS_HTTP_MAX_HEADERS_SIZE = String(HEAD_BYTES_MAX)
  try {
    return { kind: 'loaded', uws: (await import('uWebSockets.js')).default as UwsModule }
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    return { kind: 'missing', why: text.split('\n', 1)[0] as string }
  }
}

/** SO_REUSEPORT, and its opposite. The types lack the call with options and a host. */
const LISTEN_SHARED = 0
const LISTEN_EXCLUSIVE = 1
type ListenWithOptions = (
  host: string,
  port: number,
  options: number,
  done: (token: Uws.us_listen_socket | false) => void,
) => void

interface State {
  readonly callbacks: Callbacks
  readonly load: Load
  readonly peers: Peers
  readonly isLocal: boolean
  isDraining: boolean
}

export function createUwsEngine(uws: UwsModule): Engine {
  const app = uws.App()
  const load = createLoad()
  let state: State | undefined
  let token: Uws.us_listen_socket | undefined
  let socketPath: string | undefined

  async function listen(at: ListenAt, callbacks: Callbacks): Promise<Listening> {
    const isLocal = 'path' in at
    if (isLocal) await clearSocketPath(at.path)
    const opened: State = { callbacks, load, peers: createPeers(), isLocal, isDraining: false }
    state = opened
    // Called with a positive number when a connection opens, a negative one when it closes.
    const countConnection = (_response: Uws.HttpResponse, change: unknown): void => {
      load.connections += Number(change) > 0 ? 1 : -1
      load.settle()
    }
    app.filter(countConnection)
    app.any('/*', (response, request) => acceptRequest(opened, response, request))
    const found = await bind(app, at)
    if (found === false) throw new EngineError(cannotListen(at))
    token = found
    if (!isLocal) return { port: uws.us_socket_local_port(found) }
    socketPath = at.path
    await chmod(at.path, SOCKET_MODE)
    return { port: 0 }
  }

  function stopAccepting(): void {
    if (token !== undefined) uws.us_listen_socket_close(token)
    token = undefined
  }

  return {
    kind: 'uws',
    listen,
    drain(withinMs) {
      stopAccepting()
      if (state !== undefined) state.isDraining = true
      return load.drained(withinMs)
    },
    async close() {
      stopAccepting()
      app.close()
      if (socketPath !== undefined) await unlink(socketPath).catch(() => undefined)
    },
  }
}

function bind(app: Uws.TemplatedApp, at: ListenAt): Promise<Uws.us_listen_socket | false> {
  return new Promise((resolve) => {
    if ('path' in at) {
      app.listen_unix(resolve, at.path)
      return
    }
    const options = at.mode === 'exclusive' ? LISTEN_EXCLUSIVE : LISTEN_SHARED
    const listen = app.listen.bind(app) as unknown as ListenWithOptions
    listen(at.host, at.port, options, resolve)
  })
}

function cannotListen(at: ListenAt): string {
  if ('path' in at) return `Cannot listen on ${at.path}: its folder must exist and be writable.`
  return (
    `Cannot listen on ${at.host}:${at.port}: the port is taken, or the address is not of this ` +
    'machine. Stop the other process, or choose another port.'
  )
}

function acceptRequest(state: State, response: Uws.HttpResponse, request: Uws.HttpRequest): void {
  // Before anything else asks for the method: getMethod() lower-cases it where it lies.
  const method = request.getCaseSensitiveMethod()
  const outbound = new UwsOutbound(state, response, method === 'HEAD')
  const peer = state.isLocal ? undefined : state.peers.recall(response.getRemoteAddress())
  acceptSafely(state.callbacks, new UwsInbound(request, method, peer, state.isLocal), outbound)
}

class UwsInbound implements Inbound {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly isLocal: boolean
  readonly peer: Address | undefined
  readonly #request: Uws.HttpRequest

  constructor(
    request: Uws.HttpRequest,
    method: string,
    peer: Address | undefined,
    isLocal: boolean,
  ) {
    this.method = method
    this.path = request.getUrl()
    // Undefined where there is no `?`, whatever the types say.
    this.query = request.getQuery() ?? ''
    this.isLocal = isLocal
    this.peer = peer
    this.#request = request
  }

  forEachHeader(see: (name: string, value: string) => void): void {
    this.#request.forEach(see)
  }
}

/** A reply's head as bytes: one name, and one value that holds the other lines too. */
interface HeadBytes {
  readonly statusLine: Uint8Array
  readonly name: Uint8Array
  readonly rest: Uint8Array
  /** `rest`, and room for a decision's id at its end. */
  readonly named: Uint8Array
}

const heads = new WeakMap<Reply, HeadBytes>()
const DECISION_LINE = `\r\n${DECISION_HEADER}: `

/**
 * uWebSockets.js copies bytes as they are; text it first asks V8 to write out, which costs a token
 * of 600 characters some 1,600 instructions for every reply. And each call into it costs some
 * hundred nanoseconds, so all lines go in one: behind the first name stands its value, and behind
 * that the other lines as they look on the wire. Replies are used again, so once is enough.
 */
function bytesOf(reply: Reply): HeadBytes {
  const known = heads.get(reply)
  if (known !== undefined) return known
  const parts: Buffer[] = []
  for (const [at, part] of reply.headers.entries()) {
    if (at === 0) continue
    if (at > 1) parts.push(at % 2 === 0 ? LINE : COLON)
    parts.push(typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))
  }
  const rest = Buffer.concat(parts)
  const id = Buffer.from(DECISION_LINE + '0'.repeat(DECISION_ID_CHARS), 'latin1')
  const head = {
    statusLine: Buffer.from(reply.statusLine, 'latin1'),
    name: Buffer.from(reply.headers[0] as string, 'latin1'),
    rest,
    named: Buffer.concat([rest, id]),
  }
  heads.set(reply, head)
  return head
}

const LINE = Buffer.from('\r\n', 'latin1')
const COLON = Buffer.from(': ', 'latin1')
/** What uWebSockets.js writes where nothing else was said. */
const OK = '200 OK'

class UwsOutbound implements Outbound {
  isOver = false
  isHeld = false
  readonly #state: State
  readonly #response: Uws.HttpResponse
  readonly #isHead: boolean

  constructor(state: State, response: Uws.HttpResponse, isHead: boolean) {
    this.#state = state
    this.#response = response
    this.#isHead = isHead
  }

  hold(): void {
    if (this.isHeld || this.isOver) return
    this.isHeld = true
    this.#state.load.requests++
    // The response may not be touched once this has run.
    this.#response.onAborted(() => this.#finish())
  }

  reply(reply: Reply, isLast: boolean, decisionId?: Uint8Array): void {
    if (this.isOver) return
    const closes = isLast || this.#state.isDraining
    try {
      // Inside the accepting function the response is corked already.
      if (this.isHeld) this.#response.cork(() => this.#write(reply, closes, decisionId))
      else this.#write(reply, closes, decisionId)
    } catch (cause) {
      this.#state.callbacks.onBug(cause)
      this.#response.close()
    }
    this.#finish()
  }

  #write(reply: Reply, closes: boolean, decisionId: Uint8Array | undefined): void {
    const response = this.#response
    const { statusLine, name, rest, named } = bytesOf(reply)
    if (reply.statusLine !== OK) response.writeStatus(statusLine)
    if (decisionId === undefined) response.writeHeader(name, rest)
    else {
      // Copied out before this call returns, so one place serves all who get this reply.
      named.set(decisionId, rest.length + DECISION_LINE.length)
      response.writeHeader(name, named)
    }
    if (!this.#isHead || reply.body.length === 0) response.end(reply.body, closes)
    else if (closes) response.endWithoutBody(0, true)
    else {
      // Older versions abort the process when endWithoutBody is given a length, or undefined.
      response.writeHeader('Content-Length', String(reply.body.length))
      response.endWithoutBody()
    }
  }

  #finish(): void {
    if (this.isOver) return
    this.isOver = true
    if (!this.isHeld) return
    this.#state.load.requests--
    this.#state.load.settle()
  }
}

interface Peers {
  /** The address of these bytes; parsed once for each gateway, not for each request. */
  recall(bytes: ArrayBuffer): Address | undefined
}

/** Gateways are few; beyond this many the memory starts over. */
const PEERS_MAX = 256

function createPeers(): Peers {
  const known = new Map<number, Address>()
  return {
    recall(buffer) {
      if (buffer.byteLength !== 4) return readAddress(new Uint8Array(buffer))
      const key = new DataView(buffer).getUint32(0)
      const found = known.get(key)
      if (found !== undefined) return found
      const address = readAddress(new Uint8Array(buffer))
      if (known.size >= PEERS_MAX) known.clear()
      if (address !== undefined) known.set(key, address)
      return address
    },
  }
}
