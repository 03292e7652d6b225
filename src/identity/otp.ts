import {
  type ActorCall,
  done,
  type Endpoint,
  guardedEndpoint,
  type Outcome,
  refuse,
} from './endpoint.ts'
import { enrolCodes, spendCode } from './one-time-codes.ts'
import type { Parts } from './parts.ts'
import { type Static, Type } from './shape.ts'
import { Empty } from './views.ts'

const CodeParams = Type.Object({ code: Type.String({ maxLength: 32 }) })
type CodeCall = ActorCall<Static<typeof CodeParams>>

const WRONG = refuse(422, 'resource.otp.invalid')
const ENABLED = refuse(400, 'resource.otp.already_enabled')
const NOT_ENABLED = refuse(400, 'resource.otp.not_enabled')

async function enable(parts: Parts, { actor, params, client }: CodeCall): Promise<Outcome> {
  const { user, sessionHash } = actor
  if (user.otp) return ENABLED
  const given = { user, code: params.code, client, wrong: WRONG }
  const { secondFactors } = parts.stores
  const refused = await spendCode(parts, given, (claim) => secondFactors.enable(claim, sessionHash))
  if (refused !== undefined) return refused
  parts.log.info({ event: 'otp.enabled', uid: user.uid }, 'second factor enabled')
  return done({})
}

async function disable(parts: Parts, { actor, params, client }: CodeCall): Promise<Outcome> {
  const { user } = actor
  if (!user.otp) return NOT_ENABLED
  const given = { user, code: params.code, client, wrong: WRONG }
  const { secondFactors } = parts.stores
  const refused = await spendCode(parts, given, (claim) => secondFactors.disable(claim))
  if (refused !== undefined) return refused
  parts.log.info({ event: 'otp.disabled', uid: user.uid }, 'second factor disabled')
  return done({})
}

async function verify(parts: Parts, { actor, params, client }: CodeCall): Promise<Outcome> {
  const { user } = actor
  if (!user.otp) return NOT_ENABLED
  const refused = await spendCode(parts, { user, code: params.code, client, wrong: WRONG })
  return refused ?? done({})
}

/** One's own second factor. */
export function createOtpEndpoints(parts: Parts): readonly Endpoint[] {
  const mine = { door: 'resource', access: 'user', class: 'resource.otp', method: 'POST' } as const
  const coded = { ...mine, params: CodeParams, success: { status: 201, body: Empty } } as const
  const judged = ['422 resource.otp.invalid', '422 totp.error', '429 identity.session.rate_limited']
  return [
    guardedEndpoint({
      ...mine,
      path: '/otp/generate_qrcode',
      about: 'A fresh seed for an authenticator app, as a link and as a picture (PNG, base64).',
      params: Type.Object({}),
      success: {
        status: 201,
        body: Type.Object({
          data: Type.Object({ barcode: Type.String(), url: Type.String() }),
        }),
      },
      refusals: ['400 resource.otp.already_enabled', '422 totp.error'],
      answer: async ({ actor: { user } }) => {
        if (user.otp) return ENABLED
        const enrolment = await enrolCodes(parts, user)
        return 'kind' in enrolment ? enrolment : done({ data: enrolment })
      },
    }),
    guardedEndpoint({
      ...coded,
      path: '/otp/enable',
      about: 'Switch the second factor on with a code of it: ends every other session.',
      activity: { topic: 'otp', action: 'enable 2FA', isFailureToo: true },
      refusals: ['400 resource.otp.already_enabled', ...judged],
      answer: (call) => enable(parts, call),
    }),
    guardedEndpoint({
      ...coded,
      path: '/otp/disable',
      about: 'Switch the second factor off: API keys of the user become inactive.',
      activity: { topic: 'otp', action: 'disable 2FA', isFailureToo: true },
      refusals: ['400 resource.otp.not_enabled', ...judged],
      answer: (call) => disable(parts, call),
    }),
    guardedEndpoint({
      ...coded,
      path: '/otp/verify',
      about: 'Whether a code is right; it is used up.',
      activity: { topic: 'otp', action: 'verify 2FA', isFailureToo: true },
      refusals: ['400 resource.otp.not_enabled', ...judged],
      answer: (call) => verify(parts, call),
    }),
  ]
}
