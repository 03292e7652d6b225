import type * as Uws from 'uWebSockets.js'
import { chmod, unlink } from 'node:fs/promises'
import type { Address } from '../core/address.ts'
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
import { headOf, headValue } from './head-bytes.ts'
import { createLoad, type Load } from './load.ts'
import { createPeers, type Peers } from './peers.ts'
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
    const countConnection = (response: Uws.HttpResponse, change: unknown): void => {
      const isOpened = Number(change) > 0
      load.connections += isOpened ? 1 : -1
      if (load.connections > callbacks.connectionsMax && isOpened) {
        callbacks.onCrowded()
        // Comes back here at once, with a negative number.
        response.close()
        return
      }
      if (isOpened && !isLocal) opened.peers.opened(response)
      if (load.connections === 0) opened.peers.allClosed()
      load.settle()
    }
    app.filter(countConnection)
    for (const path of callbacks.paths ?? []) app.get(path, acceptGetOf(path, opened))
    app.any('/*', (response, request) => acceptRequest(opened, response, request))
    const found = await bind(app, at)
    if (found === false) throw cannotListen(at)
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

/** Any request: all that it says of itself is read now. */
function acceptRequest(state: State, response: Uws.HttpResponse, request: Uws.HttpRequest): void {
  // Before anything else asks for the method: getMethod() lower-cases it where it lies.
  const method = request.getCaseSensitiveMethod()
  const path = request.getUrl()
  // Undefined where there is no `?`, whatever the types say.
  const query = request.getQuery() ?? ''
  const exchange = new UwsExchange(state, response, request, method, path, query)
  acceptSafely(state.callbacks, exchange, exchange)
}

/**
 * A GET of a path that the engine itself matched: three calls into it less, 100 ns each. Its query
 * is not looked at, as nobody who registers such a path does.
 */
function acceptGetOf(path: string, state: State) {
  return (response: Uws.HttpResponse, request: Uws.HttpRequest): void => {
    const exchange = new UwsExchange(state, response, request, 'GET', path, '')
    acceptSafely(state.callbacks, exchange, exchange)
  }
}

/** What uWebSockets.js writes where nothing else was said. */
const OK = '200 OK'

/**
 * One request and its answer. One object for both, and fields that only TypeScript keeps private:
 * an object more costs some 70 bytes a request, and `#` another 32.
 */
class UwsExchange implements Inbound, Outbound {
  isOver = false
  isHeld = false
  readonly method: string
  readonly path: string
  readonly query: string
  private readonly state: State
  private readonly response: Uws.HttpResponse
  /** Not to be touched once the accepting function has returned. */
  private readonly request: Uws.HttpRequest

  constructor(
    state: State,
    response: Uws.HttpResponse,
    request: Uws.HttpRequest,
    method: string,
    path: string,
    query: string,
  ) {
    this.method = method
    this.path = path
    this.query = query
    this.state = state
    this.response = response
    this.request = request
  }

  get isLocal(): boolean {
    return this.state.isLocal
  }

  /** To be asked for before the accepting function returns. */
  get peer(): Address | undefined {
    return this.state.isLocal ? undefined : this.state.peers.of(this.response)
  }

  forEachHeader(see: (name: string, value: string) => void): void {
    this.request.forEach(see)
  }

  hold(): void {
    if (this.isHeld || this.isOver) return
    this.isHeld = true
    this.state.load.requests++
    // The response may not be touched once this has run.
    this.response.onAborted(() => this.finish())
  }

  reply(reply: Reply, isLast: boolean, decisionId?: Uint8Array, lines?: string): void {
    if (this.isOver) return
    const closes = isLast || this.state.isDraining
    try {
      if (this.isHeld) this.writeCorked(reply, closes, decisionId, lines)
      else this.write(reply, closes, decisionId, lines)
    } catch (cause) {
      this.state.callbacks.onBug(cause)
      this.response.close()
    }
    this.finish()
  }

  /** Apart: a function that makes a closure somewhere makes room for what it holds each time. */
  private writeCorked(
    reply: Reply,
    closes: boolean,
    decisionId: Uint8Array | undefined,
    lines: string | undefined,
  ): void {
    this.response.cork(() => this.write(reply, closes, decisionId, lines))
  }

  /** Inside the accepting function the response is corked already. */
  private write(
    reply: Reply,
    closes: boolean,
    decisionId: Uint8Array | undefined,
    lines: string | undefined,
  ): void {
    const response = this.response
    const head = headOf(reply)
    if (reply.statusLine !== OK) response.writeStatus(head.status)
    // Copied out before the call returns, so one place serves all who get this reply.
    response.writeHeader(head.name, headValue(head, decisionId, lines))
    if (reply.body.length === 0) response.end(undefined, closes)
    else if (this.method !== 'HEAD') response.end(reply.body, closes)
    else if (closes) response.endWithoutBody(0, true)
    else {
      // Older versions abort the process when endWithoutBody is given a length, or undefined.
      response.writeHeader('Content-Length', String(reply.body.length))
      response.endWithoutBody()
    }
  }

  private finish(): void {
    if (this.isOver) return
    this.isOver = true
    if (!this.isHeld) return
    this.state.load.requests--
    this.state.load.settle()
  }
}
