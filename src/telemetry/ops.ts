import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EXPOSITION_TYPE } from './exposition.ts'

export interface Readiness {
  readonly ready: boolean
  /** What keeps it from being ready; empty if nothing does. */
  readonly problems: readonly string[]
}

/** One more thing that operators may ask of this process. */
export interface Operation {
  readonly method: 'GET' | 'POST'
  /** The whole path, or with a `/` at its end whatever begins so. */
  readonly path: string
  answer(asked: OperationAsked): Promise<OperationAnswer>
}

export interface OperationAsked {
  /** What follows `path`; empty where it is the whole. */
  readonly rest: string
  readonly query: URLSearchParams
  /** The parsed body of a POST. */
  readonly body: unknown
}

/** A page that never ends by itself: one event after the other, to whoever stays. */
export interface OpsStream {
  /** The whole path. */
  readonly path: string
  /** Takes the answer over, head and all. Must never throw. */
  open(request: IncomingMessage, response: ServerResponse): void
}

/** Written as JSON. */
export interface OperationAnswer {
  readonly status: number
  readonly value: unknown
}

export interface OpsDependencies {
  readonly listen:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string }
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>
  /** Able to decide now? */
  readonly isReady: () => Readiness
  /** Worth keeping alive? A process that says no is to be restarted. */
  readonly isLive: () => boolean
  readonly operations?: readonly Operation[]
  readonly streams?: readonly OpsStream[]
}

export interface OpsServer {
  /** Resolves to the address in use (`host:port`, `unix:/path`); rejects if it is not to be had. */
  open(): Promise<string>
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

interface Page {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Connections beyond this are closed at once: Prometheus and a prober need two. */
const OPS_CONNECTIONS_MAX = 64
/** A request that takes longer to arrive is cut. */
const OPS_REQUEST_MS_MAX = 5000
/** A question in a body is a few lines. */
const OPS_BODY_BYTES_MAX = 65_536
const JSON_TYPE = 'application/json; charset=utf-8'

/** /metrics, /health/live, /health/ready and `operations` on a listener of their own. */
export function createOpsServer(deps: OpsDependencies): OpsServer {
  let scrape: Promise<string> | undefined

  async function loadMetrics(): Promise<Page> {
    // Scrapes that arrive together share one, so that many scrapers cost no more than one.
    scrape ??= deps.metrics().finally(() => {
      scrape = undefined
    })
    return { status: 200, type: EXPOSITION_TYPE, body: await scrape }
  }

  async function loadPage(request: IncomingMessage): Promise<Page> {
    const url = request.url ?? ''
    const query = url.indexOf('?')
    const path = query === -1 ? url : url.slice(0, query)
    const operation = deps.operations?.find((one) => isAsked(one, request.method, path))
    if (operation !== undefined)
      return loadOperation(operation, request, path, url.slice(path.length))
    if (request.method !== 'GET' && request.method !== 'HEAD') return METHOD_NOT_ALLOWED
    if (path === '/metrics') return loadMetrics()
    if (path === '/health/live') return pageOfLiveness(deps.isLive())
    if (path === '/health/ready') return pageOfReadiness(deps.isReady())
    return NOT_FOUND
  }

  const server = createServer(
    { requestTimeout: OPS_REQUEST_MS_MAX, headersTimeout: OPS_REQUEST_MS_MAX },
    (request, response) => {
      // Where a body is of no use it is not read: the connection ends with the answer.
      if (hasBody(request)) response.setHeader('Connection', 'close')
      const stream = findStream(request, deps.streams)
      if (stream !== undefined) return stream.open(request, response)
      loadPage(request).then(
        (page) => replyPage(response, request, page),
        () => replyPage(response, request, FAILED),
      )
    },
  )
  server.maxConnections = OPS_CONNECTIONS_MAX

  return {
    open: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(
          deps.listen.kind === 'unix'
            ? { path: deps.listen.path }
            : { host: deps.listen.host, port: deps.listen.port },
          () => {
            server.off('error', reject)
            resolve(printAddress(server.address()))
          },
        )
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const NOT_FOUND = pageOfJson(404, { error: 'try /metrics, /health/live or /health/ready' })
const METHOD_NOT_ALLOWED = pageOfJson(405, { error: 'only GET and HEAD' })
const FAILED = pageOfJson(500, { error: 'could not be collected; the log says why' })

/** A GET for a stream that no page in a browser sent. */
function findStream(
  { method, url = '', headers }: IncomingMessage,
  streams: readonly OpsStream[] = [],
): OpsStream | undefined {
  if (method !== 'GET' || (headers['sec-fetch-site'] ?? 'none') !== 'none') return undefined
  const [path] = url.split('?', 1)
  return streams.find((one) => one.path === path)
}

function isAsked({ method, path }: Operation, asked: string | undefined, at: string): boolean {
  if (asked !== method && !(asked === 'HEAD' && method === 'GET')) return false
  return path.endsWith('/') ? at.startsWith(path) && at.length > path.length : at === path
}

/**
 * What is told here is for operators, and there is no sign-in: a page in a browser that got hold
 * of this address must not read it, which is what Sec-Fetch-Site and a JSON body see to.
 */
async function loadOperation(
  operation: Operation,
  request: IncomingMessage,
  path: string,
  search: string,
): Promise<Page> {
  const site = request.headers['sec-fetch-site'] ?? 'none'
  if (site !== 'none') return pageOfJson(403, { error: 'not for pages in a browser' })
  let body: unknown
  if (operation.method === 'POST') {
    const type = request.headers['content-type'] ?? ''
    if (!/^application\/json *(;|$)/i.test(type)) {
      return pageOfJson(415, { error: 'send JSON, and Content-Type: application/json' })
    }
    const text = await readBody(request)
    if (text === undefined) {
      return pageOfJson(413, { error: `at most ${OPS_BODY_BYTES_MAX} bytes` })
    }
    body = parseJson(text)
    if (body === undefined) return pageOfJson(400, { error: 'the body is not JSON' })
  }
  const rest = operation.path.endsWith('/') ? path.slice(operation.path.length) : ''
  const { status, value } = await operation.answer({
    ...{ rest, query: new URLSearchParams(search), body },
  })
  return pageOfJson(status, value)
}

/** Undefined if it is too long; rejects if it breaks off. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytesCount = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytesCount += part.length
    if (bytesCount > OPS_BODY_BYTES_MAX) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function pageOfJson(status: number, value: unknown): Page {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(value)}\n` }
}

function pageOfLiveness(live: boolean): Page {
  return pageOfJson(live ? 200 : 503, { live })
}

function pageOfReadiness({ ready, problems }: Readiness): Page {
  return pageOfJson(ready ? 200 : 503, { ready, problems })
}

function hasBody(request: IncomingMessage): boolean {
  return 'content-length' in request.headers || 'transfer-encoding' in request.headers
}

function replyPage(response: ServerResponse, request: IncomingMessage, page: Page): void {
  response.writeHead(page.status, {
    'Content-Type': page.type,
    'Content-Length': Buffer.byteLength(page.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(page.status === 405 ? { Allow: 'GET, HEAD' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : page.body)
}

function printAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return `unix:${address ?? ''}`
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${host}:${address.port}`
}
