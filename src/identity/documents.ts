import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export const OPENAPI_PATH = '/api/v2/openapi.json'
export const DOCS_PATH = '/api/v2/docs'

/** What a browser may ask of a file besides the whole of it. */
const PASSED_ON = ['if-none-match', 'if-modified-since', 'if-range', 'range'] as const
/** Said by whoever answers, not by what is answered. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'date', 'transfer-encoding'])

/**
 * Serves the OpenAPI document and the page to read it, out of a server of their own that never
 * listens. It is opened by the first reader: drawing them takes a sixth of a second, and most
 * processes are never asked.
 */
export function serveDocuments(app: FastifyInstance, open: () => Promise<FastifyInstance>): void {
  let documents: Promise<FastifyInstance> | undefined

  async function passOn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    documents ??= open()
    const inner = await documents
    const answer = await inner.inject({
      method: 'GET',
      url: request.url,
      headers: pickHeaders(request),
    })
    if (answer.statusCode === 404) {
      reply.callNotFound()
      return reply
    }
    if (answer.statusCode >= 500) throw new Error('the documents cannot be drawn')
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !OWN_HEADERS.has(name)) reply.header(name, value)
    }
    reply.code(answer.statusCode)
    return answer.rawPayload.length === 0 ? reply.send() : reply.send(answer.rawPayload)
  }

  for (const url of [OPENAPI_PATH, DOCS_PATH, `${DOCS_PATH}/*`]) app.get(url, passOn)
  app.addHook('onClose', async () => {
    await (await documents)?.close()
  })
}

function pickHeaders({ headers }: FastifyRequest): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of PASSED_ON) {
    const value = headers[name]
    if (typeof value === 'string') picked[name] = value
  }
  return picked
}
