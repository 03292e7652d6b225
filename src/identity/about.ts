import { done, type Endpoint, openEndpoint, refuseForNow } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'

const None = Type.Object({})

/** The password's shape that a form may ask for before it asks us. */
const PASSWORD_PATTERN = '^.{8,}$'

const plain = { door: 'identity', method: 'GET', class: 'identity', params: None } as const

/** What this process is, and how strong a password would be. */
export function createAboutEndpoints(parts: Parts): readonly Endpoint[] {
  const { settings, nowMs } = parts
  return [
    openEndpoint({
      ...plain,
      path: '/ping',
      about: 'Whether anyone is there.',
      success: { status: 200, body: Type.Object({ ping: Type.String() }) },
      refusals: [],
      answer: async () => done({ ping: 'pong' }),
    }),
    openEndpoint({
      ...plain,
      path: '/time',
      about: 'The server’s clock, in seconds and in milliseconds.',
      success: {
        status: 200,
        body: Type.Object({ time: Type.Integer(), time_ms: Type.Integer() }),
      },
      refusals: [],
      answer: async () => {
        const atMs = nowMs()
        return done({ time: Math.floor(atMs / 1000), time_ms: atMs })
      },
    }),
    openEndpoint({
      ...plain,
      path: '/version',
      about: 'The version that runs.',
      success: { status: 200, body: Type.Object({ version: Type.String() }) },
      refusals: [],
      answer: async () => done({ version: settings.version }),
    }),
    ...createFormEndpoints(parts),
  ]
}

/** What a form asks for before it asks us. */
function createFormEndpoints(parts: Parts): readonly Endpoint[] {
  const { settings, strength, limits } = parts
  return [
    openEndpoint({
      ...plain,
      path: '/configs',
      about: 'What a sign-in form needs to know.',
      success: {
        status: 200,
        body: Type.Object({
          session_expire_time: Type.Integer(),
          captcha_type: Type.String(),
          phone_verification_type: Type.String(),
          password_min_entropy: Type.Number(),
          password_regexp: Type.String(),
        }),
      },
      refusals: [],
      answer: async () =>
        done({
          session_expire_time: Math.floor(settings.sessionIdleMs / 1000),
          captcha_type: 'none',
          phone_verification_type: 'none',
          password_min_entropy: settings.passwordEntropyMin,
          password_regexp: PASSWORD_PATTERN,
        }),
    }),
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/password/validate',
      about: 'How strong a password would be, in bits.',
      class: 'identity.password',
      params: Type.Object({ password: Type.String() }),
      success: { status: 201, body: Type.Object({ entropy: Type.Number() }) },
      refusals: ['429 identity.session.rate_limited'],
      answer: async ({ params, client }) => {
        const waitS = await limits.admitWork(client.address)
        if (waitS > 0) return refuseForNow(waitS)
        return done({ entropy: await strength(params.password) })
      },
    }),
  ]
}
