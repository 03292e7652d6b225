import { Fault } from '../core/fault.ts'
import { isStateAccepted } from '../core/principal.ts'
import type { User } from '../store/users.ts'
import type { Client } from './client.ts'
import { parseEmail } from './email.ts'
import {
  done,
  type Endpoint,
  type Outcome,
  openEndpoint,
  type Refusal,
  refuse,
  refuseForNow,
} from './endpoint.ts'
import { spendCode } from './one-time-codes.ts'
import type { Parts } from './parts.ts'
import { isPasswordBounded } from './password.ts'
import { Type } from './shape.ts'
import { openSession, presentedHashes } from './sign-in.ts'
import { Empty, UserView, userView } from './views.ts'

/** A uid that no user has: asking for it takes as long as asking for a real one. */
const NOBODY = 'ID0000000000'

/** A login overtaken by a change of the user's sessions is judged anew this often. */
const JUDGEMENTS_MAX = 3

const WRONG = refuse(401, 'identity.session.invalid_params')

interface Judged {
  readonly user: User
  readonly generation: number
}

/**
 * The user whose password this is. The generation is read before the digest: a password reset in
 * between raises it, and then the session cannot be opened with what was judged here.
 */
async function judgePassword(
  { stores, passwords }: Parts,
  email: string,
  password: string,
): Promise<Judged | undefined> {
  const uid = (await stores.users.findByEmail(email))?.uid
  const generation = uid === undefined ? undefined : await stores.sessions.generation(uid)
  if (uid === undefined) await stores.users.findByUid(NOBODY)
  const user = await stores.users.findByUid(uid ?? NOBODY)
  const isRight = await passwords.verify(user?.passwordDigest, password)
  if (!isRight || user === undefined || generation === undefined) return undefined
  return { user, generation }
}

/** Told only to someone who knows the password. */
function judgeState(user: User): Refusal | undefined {
  if (user.state === 'banned') return refuse(401, 'identity.session.banned')
  if (user.state === 'deleted') return refuse(401, 'identity.session.deleted')
  if (!isStateAccepted(user.state)) return refuse(401, 'identity.session.not_active')
  return undefined
}

const WRONG_CODE = refuse(403, 'identity.session.invalid_otp')

/** The code is used up by this, whether or not a session can then be opened. */
function judgeCode(
  parts: Parts,
  user: User,
  code: string | undefined,
  client: Client,
): Promise<Refusal | undefined> | Refusal {
  if (code === undefined) return refuse(401, 'identity.session.missing_otp')
  return spendCode(parts, { user, code, client, wrong: WRONG_CODE })
}

interface LoginParams {
  readonly email: string
  readonly password: string
  readonly otp_code?: string
}

async function logIn(parts: Parts, params: LoginParams, client: Client): Promise<Outcome> {
  const { limits, stores } = parts
  const email = parseEmail(params.email)
  const waitS = await limits.admitLogin(email ?? params.email, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  if (email === undefined || !isPasswordBounded(params.password)) return WRONG
  // A login that was overtaken is judged again, but its code can be used only once.
  let isCodeSpent = false
  for (let judgements = 1; ; judgements++) {
    const judged = await judgePassword(parts, email, params.password)
    if (judged === undefined) return WRONG
    const { user, generation } = judged
    const refused = judgeState(user)
    if (refused !== undefined) return refused
    if (user.otp && !isCodeSpent) {
      const wrong = await judgeCode(parts, user, params.otp_code, client)
      if (wrong !== undefined) return wrong
      isCodeSpent = true
    }
    try {
      const { sessionId, csrfToken } = await openSession(parts, {
        uid: user.uid,
        generation,
        client,
      })
      await limits.recordLogin(email, client.address)
      const body = userView(user, await stores.users.labels(user.uid), csrfToken)
      return done(body, { sessionId, ...(user.otp ? { action: 'login::2fa' } : {}) })
    } catch (problem) {
      const isOvertaken = problem instanceof Fault && problem.code === 'store_conflict'
      if (!isOvertaken || judgements === JUDGEMENTS_MAX) throw problem
    }
  }
}

async function logOut(parts: Parts, client: Client): Promise<Outcome> {
  const { stores, log } = parts
  let uid: string | undefined
  for (const hash of presentedHashes(parts, client)) {
    const listing = await stores.sessions.find(hash)
    if (await stores.sessions.end(hash)) uid = listing?.session.uid ?? ''
  }
  if (uid === undefined) return refuse(404, 'identity.session.not_found')
  log.info({ event: 'session.ended', address: client.address.text }, 'signed out')
  return done({}, { sessionId: null, subject: uid })
}

/** Signing in and out. */
export function createSessionEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/sessions',
      about: 'Sign in: opens a session and sets its cookie.',
      class: 'identity.session',
      activity: { topic: 'session', action: 'login', isFailureToo: true },
      params: Type.Object({
        email: Type.String(),
        password: Type.String(),
        otp_code: Type.Optional(Type.String({ maxLength: 32 })),
        captcha_response: Type.Optional(Type.Unknown()),
      }),
      success: { status: 200, body: UserView },
      refusals: [
        '401 identity.session.invalid_params',
        '401 identity.session.banned',
        '401 identity.session.deleted',
        '401 identity.session.not_active',
        '401 identity.session.missing_otp',
        '403 identity.session.invalid_otp',
        '422 totp.error',
        '429 identity.session.rate_limited',
      ],
      answer: ({ params, client }) => logIn(parts, params, client),
    }),
    openEndpoint({
      door: 'identity',
      method: 'DELETE',
      path: '/sessions',
      about: 'Sign out: ends the session of the cookie.',
      class: 'identity.session',
      activity: { topic: 'session', action: 'logout', isFailureToo: false },
      params: Type.Object({}),
      success: { status: 200, body: Empty },
      refusals: ['404 identity.session.not_found'],
      answer: ({ client }) => logOut(parts, client),
    }),
  ]
}
