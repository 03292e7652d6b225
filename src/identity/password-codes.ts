import type { Client } from './client.ts'
import { parseEmail } from './email.ts'
import { issueCode, recordEmailProof, redeemCode } from './email-proof.ts'
import {
  done,
  type Endpoint,
  type Outcome,
  openEndpoint,
  refuse,
  refuseForNow,
} from './endpoint.ts'
import { writeReset } from './letters.ts'
import type { Parts } from './parts.ts'
import { judgeNewPassword } from './password-rules.ts'
import { changeThen } from './recorded.ts'
import { type Static, Type } from './shape.ts'
import { Empty } from './views.ts'

const ResetParams = Type.Object({
  reset_password_token: Type.String({ maxLength: 256 }),
  password: Type.String(),
  confirm_password: Type.String(),
})

async function askForReset(parts: Parts, given: string, client: Client): Promise<Outcome> {
  const { stores, settings, limits, postbox } = parts
  const email = parseEmail(given)
  const waitS = await limits.admitMail(email ?? given, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  if (email === undefined) return done({})
  const user = await stores.users.findByEmail(email)
  if (user?.state === 'active' || user?.state === 'pending') {
    postbox.post(async () => {
      const code = await issueCode(parts, 'reset', user.uid)
      return writeReset({ to: user.email, publicOrigin: settings.publicOrigin, code })
    })
  }
  return done({})
}

async function reset(
  parts: Parts,
  params: Static<typeof ResetParams>,
  client: Client,
): Promise<Outcome> {
  const { stores, limits, passwords, log } = parts
  const waitS = await limits.admitWork(client.address)
  if (waitS > 0) return refuseForNow(waitS)
  if (params.password !== params.confirm_password) {
    return refuse(422, 'identity.user.passwords_doesnt_match')
  }
  const weak = await judgeNewPassword(parts, params.password)
  if (weak !== undefined) return weak
  // Before the code is used up: a full queue here must not cost the user the letter.
  const passwordDigest = await passwords.digest(params.password)
  const redeemed = await redeemCode(parts, 'reset', params.reset_password_token)
  if ('kind' in redeemed) return redeemed
  const { uid } = redeemed
  // Ended after the change, so that a login judged by the old password meets a newer generation.
  const user = await changeThen(
    () => stores.users.change(uid, { passwordDigest }),
    () => stores.sessions.endAll(uid, undefined, 'password'),
  )
  if (user === undefined) return refuse(422, 'jwt.decode_and_verify.segments')
  if (user.state === 'pending') await recordEmailProof(stores.users, user)
  log.info({ event: 'password.reset', uid, address: client.address.text }, 'password reset')
  return done({}, { subject: uid })
}

/** A forgotten password. */
export function createPasswordCodeEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users/password/generate_code',
      about: 'Ask for a password reset letter; the answer is the same for every address.',
      class: 'identity.user',
      activity: { topic: 'password', action: 'request password reset', isFailureToo: false },
      params: Type.Object({
        email: Type.String(),
        captcha_response: Type.Optional(Type.Unknown()),
      }),
      success: { status: 201, body: Empty },
      refusals: ['429 identity.session.rate_limited'],
      answer: ({ params, client }) => askForReset(parts, params.email, client),
    }),
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users/password/confirm_code',
      about: 'Set a new password with the code of the letter: ends every session of the user.',
      class: 'identity.user',
      activity: { topic: 'password', action: 'password reset', isFailureToo: false },
      params: ResetParams,
      success: { status: 201, body: Empty },
      refusals: [
        '422 identity.user.passwords_doesnt_match',
        '422 password.requirements',
        '422 password.weak',
        '422 identity.user.utilized_token',
        '422 jwt.decode_and_verify.expired',
        '422 jwt.decode_and_verify.segments',
        '429 identity.session.rate_limited',
      ],
      answer: ({ params, client }) => reset(parts, params, client),
    }),
  ]
}
