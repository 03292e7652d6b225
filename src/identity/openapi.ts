import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type FastifySchema } from 'fastify'
import { COMPILERS } from './compilers.ts'
import { DOCS_PATH, OPENAPI_PATH } from './documents.ts'
import type { Endpoint } from './endpoint.ts'
import { addressesOf } from './mount.ts'
import { type ObjectShape, type Shape, Type } from './shape.ts'
import { Errors } from './views.ts'

/** What any call may hear besides an endpoint's own refusals. */
const COMMON_REFUSALS = ['400', '403', '413', '415', '422', '429', '500', '503'] as const

function pick({ properties, ...rest }: ObjectShape, names: readonly string[]) {
  const required: readonly string[] = rest.required ?? []
  const picked: Record<string, Shape> = {}
  for (const name of names) {
    const shape = properties[name] as Shape
    picked[name] = required.includes(name) ? shape : Type.Optional(shape)
  }
  return names.length === 0 ? undefined : Type.Object(picked)
}

/** Where each parameter stands; the mount itself reads them, these only document. */
function placeParams({ method, path, params }: Endpoint): Partial<FastifySchema> {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
  const others = Object.keys(params.properties).filter((name) => !inPath.includes(name))
  const pathShape = pick(params, inPath)
  const restShape = pick(params, others)
  const isInBody = method !== 'GET' && method !== 'DELETE'
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
function describe(endpoint: Endpoint, mount: string): FastifySchema {
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

export interface Documented {
  readonly endpoints: readonly Endpoint[]
  readonly version: string
  /** Browsers reach the API over https. */
  readonly isSecure: boolean
}

/** A server of the OpenAPI document and a page to read it; it describes, and does nothing. */
export async function openDocuments(documented: Documented): Promise<FastifyInstance> {
  const app = Fastify({ schemaController: { compilersFactory: COMPILERS } })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'dvara identity API',
        description: 'Signing in and out, accounts, and their administration.',
        version: documented.version,
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
  })
  app.get(OPENAPI_PATH, { schema: { hide: true } }, async () => app.swagger())
  await registerPage(app, documented.isSecure)
  for (const endpoint of documented.endpoints) {
    for (const { mount, url } of addressesOf(endpoint)) {
      const handler = async () => undefined
      app.route({ method: endpoint.method, url, schema: describe(endpoint, mount), handler })
    }
  }
  return app
}

async function registerPage(app: FastifyInstance, isSecure: boolean): Promise<void> {
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
