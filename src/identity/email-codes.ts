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
import { writeConfirmation } from './letters.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'
import { openSession } from './sign-in.ts'
import { Empty, UserView, userView } from './views.ts'

async function resend(parts: Parts, given: string, client: Client): Promise<Outcome> {
  const { stores, settings, limits, postbox } = parts
  const email = parseEmail(given)
  const waitS = await limits.admitMail(email ?? given, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  if (email === undefined) return done({})
  const user = await stores.users.findByEmail(email)
  if (user?.state === 'pending') {
    postbox.post(async () => {
      const code = await issueCode(parts, 'confirmation', user.uid)
      return writeConfirmation({ to: user.email, publicOrigin: settings.publicOrigin, code })
    })
  }
  return done({})
}

async function confirm(parts: Parts, code: string, client: Client): Promise<Outcome> {
  const { stores, limits } = parts
  const waitS = await limits.admitWork(client.address)
  if (waitS > 0) return refuseForNow(waitS)
  const redeemed = await redeemCode(parts, 'confirmation', code)
  if ('kind' in redeemed) return redeemed
  const { uid } = redeemed
  // Before the state, so that a ban in between leaves no session behind.
  const generation = await stores.sessions.generation(uid)
  const user = await stores.users.findByUid(uid)
  if (user?.state !== 'pending') return refuse(422, 'identity.user.active_or_doesnt_exist')
  const active = await recordEmailProof(stores.users, user)
  if (active === undefined) return refuse(422, 'identity.user.active_or_doesnt_exist')
  if (active.otp) return refuse(401, 'identity.session.missing_otp')
  const { sessionId, csrfToken } = await openSession(parts, { uid, generation, client })
  return done(userView(active, await stores.users.labels(uid), csrfToken), {
    sessionId,
    subject: uid,
  })
}

/** Proving that an e-mail address is one's own. */
export function createEmailCodeEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users/email/generate_code',
      about: 'Ask for the confirmation letter again; the answer is the same for every address.',
      class: 'identity.user',
      params: Type.Object({
        email: Type.String(),
        captcha_response: Type.Optional(Type.Unknown()),
      }),
      success: { status: 201, body: Empty },
      refusals: ['429 identity.session.rate_limited'],
      answer: ({ params, client }) => resend(parts, params.email, client),
    }),
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users/email/confirm_code',
      about: 'Confirm an address with the code of the letter: activates the user and signs in.',
      class: 'identity.user',
      activity: { topic: 'session', action: 'login', isFailureToo: false },
      params: Type.Object({ token: Type.String({ maxLength: 256 }) }),
      success: { status: 201, body: UserView },
      refusals: [
        '422 identity.user.active_or_doesnt_exist',
        '422 identity.user.utilized_token',
        '422 jwt.decode_and_verify.expired',
        '422 jwt.decode_and_verify.segments',
        '401 identity.session.missing_otp',
        '429 identity.session.rate_limited',
      ],
      answer: ({ params, client }) => confirm(parts, params.token, client),
    }),
  ]
}
