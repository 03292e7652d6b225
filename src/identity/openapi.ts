import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { type TProperties, type TSchema, Type } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { Errors } from './views.ts'

const OPENAPI_PATH = '/api/v2/openapi.json'
export const DOCS_PATH = '/api/v2/docs'

/** What any call may hear besides an endpoint's own refusals. */
const COMMON_REFUSALS = ['400', '403', '413', '415', '422', '429', '500', '503'] as const

function pick(properties: TProperties, required: readonly string[], names: readonly string[]) {
  const picked: TProperties = {}
  for (const name of names) {
    const shape = properties[name] as TSchema
    picked[name] = required.includes(name) ? shape : Type.Optional(shape)
  }
  return names.length === 0 ? undefined : Type.Object(picked)
}

/** Where each parameter stands; the mount itself reads them, these only document. */
function placeParams({ method, path, params }: Endpoint): Partial<FastifySchema> {
  const properties = params.properties as TProperties
  const required = (params.required ?? []) as readonly string[]
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
  const others = Object.keys(properties).filter((name) => !inPath.includes(name))
  const pathShape = pick(properties, required, inPath)
  const restShape = pick(properties, required, others)
  const isInBody = method === 'POST' || method === 'PUT'
  return {
    ...(pathShape === undefined ? {} : { params: pathShape }),
    ...(restShape === undefined ? {} : { [isInBody ? 'body' : 'querystring']: restShape }),
  }
}

function describeRefusals(endpoint: Endpoint): Record<string, unknown> {
  const codes = new Map<string, string[]>(COMMON_REFUSALS.map((status) => [status, []]))
  if (endpoint.access !== 'anyone') codes.set('401', ['jwt.decode_and_verify'])
  for (const refusal of endpoint.refusals) {
    const [status = '', code = ''] = refusal.split(' ')
    codes.set(status, [...(codes.get(status) ?? []), code])
  }
  const responses: Record<string, unknown> = {}
  for (const [status, own] of codes) {
    const description = own.length === 0 ? 'Refused.' : own.join(', ')
    responses[status] = { ...Errors, description }
  }
  return responses
}

/** The endpoint in the words of the OpenAPI document. */
export function describe(endpoint: Endpoint, mount: string): FastifySchema {
  const { status, body } = endpoint.success
  return {
    tags: [`${mount}/${endpoint.door}`],
    summary: endpoint.about,
    consumes: ['application/json', 'application/x-www-form-urlencoded'],
    ...placeParams(endpoint),
    ...(endpoint.access === 'anyone' ? {} : { security: [{ bearer: [] }] }),
    response: { ...describeRefusals(endpoint), [status]: { ...body, description: 'Done.' } },
  }
}

/** Collects what is mounted after it, and serves the document and a page to read it. */
export async function serveOpenapi(
  app: FastifyInstance,
  { version, isSecure }: { version: string; isSecure: boolean },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'dvara identity API',
        description: 'Signing in and out, accounts, and their administration.',
        version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
  })
  app.get(OPENAPI_PATH, { schema: { hide: true } }, async () => app.swagger())
  await app.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    uiConfig: { url: OPENAPI_PATH, tryItOutEnabled: false, validatorUrl: null },
    staticCSP: {
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      ...(isSecure ? { 'upgrade-insecure-requests': '' } : {}),
    },
  })
}
