import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseAddress } from '../core/address.ts'
import type { Receipt } from '../store/acknowledge.ts'
import { loadActor } from './bearer.ts'
import type { Client } from './client.ts'
import { readCookies } from './cookies.ts'
import { type Done, done, type Endpoint, type Outcome, refuse } from './endpoint.ts'
import { type Fits, openFits, pickDeclared } from './fits.ts'
import { readParams, type Source } from './params.ts'
import type { Parts } from './parts.ts'
import { isRecordedOnly } from './recorded.ts'
import { recordAnswered } from './recording.ts'

/** The same API at our address and at the one where Barong's clients look for it. */
const MOUNTS = ['/api/v2', '/api/v2/barong'] as const

/** Where an endpoint is found, under each mount. */
export function addressesOf({ door, path }: Endpoint): readonly { mount: string; url: string }[] {
  return MOUNTS.map((mount) => ({ mount, url: `${mount}/${door}${path}` }))
}

function readClient(request: FastifyRequest, cookieName: string): Client | undefined {
  const address = parseAddress(request.ip)
  if (address === undefined) return undefined
  return {
    address,
    userAgent: request.headers['user-agent'] ?? '',
    sessionIds: readCookies(request.headers.cookie, cookieName),
  }
}

/** Where parameters may stand: a DELETE's in query or body, as Barong's clients send them. */
function sourcesOf(request: FastifyRequest): readonly Source[] {
  const path = request.params as Source
  const query = request.query as Source
  const body = (request.body ?? {}) as Source
  if (request.method === 'GET') return [path, query]
  return request.method === 'DELETE' ? [path, query, body] : [path, body]
}

function setCookie(reply: FastifyReply, parts: Parts, sessionId: string | null): void {
  const { cookieName, publicOrigin, sessionLifetimeMs } = parts.settings
  const maxAge = sessionId === null ? 0 : Math.floor(sessionLifetimeMs / 1000)
  reply.setCookie(cookieName, sessionId ?? '', {
    path: '/',
    httpOnly: true,
    secure: publicOrigin.startsWith('https:'),
    sameSite: 'lax',
    maxAge,
  })
}

function replyDone(
  reply: FastifyReply,
  parts: Parts,
  { success }: Endpoint,
  outcome: Done,
  fits: Fits,
): FastifyReply {
  if (outcome.sessionId !== undefined) setCookie(reply, parts, outcome.sessionId)
  if (outcome.page !== undefined) {
    const { total, page, limit } = outcome.page
    reply.headers({ Total: String(total), Page: String(page), 'Per-Page': String(limit) })
  }
  if (success.status === 204) return reply.code(204).send()
  // Shaped here and not by Fastify, which would compile a serializer for every status of a route.
  return reply.code(success.status).send(pickDeclared(fits, success.body, outcome.body))
}

/** Ends the reply: `{"errors":[…]}` with whatever the refusal says besides. */
export function replyRefusal(
  reply: FastifyReply,
  refusal: { status: number; codes: readonly string[]; retryAfterS?: number | undefined },
): FastifyReply {
  if (refusal.retryAfterS !== undefined) reply.header('Retry-After', String(refusal.retryAfterS))
  return reply.code(refusal.status).send({ errors: refusal.codes })
}

/** On whom the changes of this call are in force, after how long, and how that is known. */
function printReceipt(receipt: Receipt): string {
  const { seq, membersCount, reportedCount, afterMs, path } = receipt
  const ms = Math.ceil(afterMs)
  return `seq=${seq}, members=${reportedCount}/${membersCount}, ms=${ms}, path=${path}`
}

async function answer(
  parts: Parts,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Outcome> {
  const client = readClient(request, parts.settings.cookieName)
  if (client === undefined) return refuse(400, 'server.unknown_address')
  const { access } = endpoint
  const actor =
    access === 'anyone' ? undefined : await loadActor(parts, request.headers.authorization, access)
  if (actor !== undefined && 'kind' in actor) return actor
  const read = readParams(await openFits(), endpoint.params, endpoint.class, sourcesOf(request))
  if (!read.ok) return refuse(422, ...read.codes)
  const { params } = read
  const record = (outcome: Outcome) =>
    recordAnswered(parts, { endpoint, client, actor, params, outcome })
  const { value: outcome, receipt } = await parts.stores.receipts
    .collect(() => endpoint.answer({ params, client }, actor))
    .catch(async (problem: unknown) => {
      // It is done, and only not yet in force everywhere.
      if (isRecordedOnly(problem)) await record(done({}))
      throw problem
    })
  if (receipt !== undefined) reply.header('X-In-Force', printReceipt(receipt))
  await record(outcome)
  return outcome
}

/** Gives every endpoint its two addresses. */
export function mountEndpoints(
  app: FastifyInstance,
  parts: Parts,
  endpoints: readonly Endpoint[],
): void {
  for (const endpoint of endpoints) {
    for (const { url } of addressesOf(endpoint)) {
      app.route({
        method: endpoint.method,
        url,
        handler: async (request, reply) => {
          const outcome = await answer(parts, endpoint, request, reply)
          if (outcome.kind === 'refusal') return replyRefusal(reply, outcome)
          return replyDone(reply, parts, endpoint, outcome, await openFits())
        },
      })
    }
  }
}
