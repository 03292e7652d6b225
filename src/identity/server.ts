import fastifyCookie from '@fastify/cookie'
import fastifyCors from '@fastify/cors'
import fastifyHelmet from '@fastify/helmet'
import Fastify, { type FastifyInstance, type FastifyReply, LogController } from 'fastify'
import type { Logger } from 'pino'
import { Fault } from '../core/fault.ts'
import { acceptBodies, BODY_BYTES_MAX } from './body.ts'
import { COMPILERS } from './compilers.ts'
import type { IdentityDeps } from './deps.ts'
import { serveDocuments } from './documents.ts'
import { createEndpoints } from './endpoints.ts'
import { createLimits } from './limits.ts'
import { mountEndpoints, replyRefusal } from './mount.ts'
import { isForeign } from './origin.ts'
import type { Parts } from './parts.ts'
import { createPasswords, PasswordQueueFull } from './password.ts'
import { createPostbox } from './postbox.ts'
import { isRecordedOnly } from './recorded.ts'
import { createStrength } from './strength.ts'

/** A client that has not sent its whole request by then is cut off. */
const REQUEST_TIMEOUT_MS = 10_000
/** Longer than any id that a path may hold. */
const PATH_PARAM_LENGTH_MAX = 128
/** After which a full password queue has moved on. */
const BUSY_RETRY_AFTER_S = 2
const MAIL_RETRIES_AFTER_MS = [1_000, 10_000]

/** What a caller hears of a request that could not be read. */
const UNREADABLE: Readonly<Record<number, string>> = {
  400: 'server.invalid_request',
  413: 'server.body_too_large',
  414: 'server.uri_too_long',
  415: 'server.unsupported_media_type',
}

export function createParts(deps: IdentityDeps): Parts {
  const { mailer, log, settings } = deps
  return {
    ...deps,
    passwords: createPasswords(settings.passwordCost),
    strength: createStrength(),
    limits: createLimits(settings.limits),
    postbox: createPostbox({ mailer, log, retryAfterMs: MAIL_RETRIES_AFTER_MS }),
  }
}

/** Nothing of a problem's own words reaches the caller; of a driver's, nothing reaches the log. */
function replyProblem(reply: FastifyReply, log: Logger, problem: unknown): FastifyReply {
  if (problem instanceof PasswordQueueFull) {
    const codes = ['server.unavailable']
    return replyRefusal(reply, { status: 503, codes, retryAfterS: BUSY_RETRY_AFTER_S })
  }
  if (problem instanceof Fault) {
    log.warn({ event: 'fault', fault: problem.message }, 'a store failed')
    const code = isRecordedOnly(problem) ? 'server.recorded_not_in_force' : 'server.unavailable'
    return replyRefusal(reply, { status: 503, codes: [code] })
  }
  const status = (problem as { statusCode?: unknown }).statusCode
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const code = UNREADABLE[status] ?? 'server.invalid_request'
    return replyRefusal(reply, { status, codes: [code] })
  }
  const { name, stack } = problem as { name?: string; stack?: string }
  // The frames without the message, which may quote what was typed.
  const frames = stack?.split('\n').filter((line) => line.startsWith('    at '))
  log.error({ event: 'bug', problem: name, frames }, 'a request failed')
  return replyRefusal(reply, { status: 500, codes: ['server.internal_error'] })
}

async function protect(app: FastifyInstance, deps: IdentityDeps): Promise<void> {
  const { publicOrigin, corsOrigins } = deps.settings
  const isSecure = publicOrigin.startsWith('https:')
  const listed = new Set(corsOrigins)
  const own = new Set([publicOrigin, ...corsOrigins])
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    hsts: isSecure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  })
  await app.register(fastifyCors, {
    origin: (origin, allow) => allow(null, origin !== undefined && listed.has(origin)),
    credentials: true,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Content-Type', 'X-CSRF-Token'],
    exposedHeaders: ['Total', 'Page', 'Per-Page', 'Retry-After', 'X-In-Force'],
    maxAge: 600,
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    if (!isForeign(request.method, request.headers, own)) return
    deps.log.warn({ event: 'foreign_origin', address: request.ip }, 'a foreign page was refused')
    return replyRefusal(reply, { status: 403, codes: ['server.foreign_origin'] })
  })
}

/** The identity API, ready to listen; closing it first sends the letters that are posted. */
export async function createIdentityServer(deps: IdentityDeps): Promise<FastifyInstance> {
  return serveParts(createParts(deps))
}

/** The same over parts that the caller keeps, so that it can wait for letters to be posted. */
export async function serveParts(parts: Parts): Promise<FastifyInstance> {
  const { settings, log } = parts
  const app = Fastify({
    loggerInstance: log.child({ room: 'identity' }),
    // Its lines would hold whole URLs, queries included.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: settings.trustProxy,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: PATH_PARAM_LENGTH_MAX },
    exposeHeadRoutes: false,
    // Parameters are read in one place, by the endpoint's own schema and in Barong's words.
    schemaController: { compilersFactory: COMPILERS },
    frameworkErrors: (problem, _request, reply) => {
      replyProblem(reply as FastifyReply, log, problem)
    },
  }) as unknown as FastifyInstance
  app.setErrorHandler((problem, _request, reply) => replyProblem(reply, log, problem))
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'Route is not found' }))
  acceptBodies(app)
  await protect(app, parts)
  await app.register(fastifyCookie)
  const endpoints = createEndpoints(parts)
  mountEndpoints(app, parts, endpoints)
  serveDocuments(app, async () => {
    const { openDocuments } = await import('./openapi.ts')
    const isSecure = settings.publicOrigin.startsWith('https:')
    return openDocuments({ endpoints, version: settings.version, isSecure })
  })
  app.addHook('onClose', () => parts.postbox.settled())
  await app.ready()
  return app
}
