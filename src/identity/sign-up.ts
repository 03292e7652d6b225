import { Fault } from '../core/fault.ts'
import type { NewUser, User } from '../store/users.ts'
import type { Client } from './client.ts'
import { parseEmail } from './email.ts'
import { issueCode } from './email-proof.ts'
import {
  done,
  type Endpoint,
  type Outcome,
  openEndpoint,
  refuse,
  refuseForNow,
} from './endpoint.ts'
import { writeConfirmation, writeTaken } from './letters.ts'
import type { Parts } from './parts.ts'
import { judgeNewPassword } from './password-rules.ts'
import { mintUid } from './secret-id.ts'
import { type Static, Type } from './shape.ts'
import { SignUpView } from './views.ts'

const DATA_LENGTH_MAX = 1024
const USERNAME = /^[a-z0-9]{4,12}$/
const REFERRAL = /^(?:ID|SI|UID)[A-Z0-9]{4,20}$/

const SignUpParams = Type.Object({
  email: Type.String(),
  password: Type.String(),
  username: Type.Optional(Type.String()),
  refid: Type.Optional(Type.String()),
  data: Type.Optional(Type.String()),
  captcha_response: Type.Optional(Type.Unknown()),
})
type SignUpParams = Static<typeof SignUpParams>

/** JSON text of at most 1024 characters: what a user may keep with the account. */
export function isUserData(text: string): boolean {
  if (text.length > DATA_LENGTH_MAX) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Complaints about what was typed; none of them depends on who has an account. */
function judgeForm(params: SignUpParams, email: string | undefined): Outcome | undefined {
  const codes: string[] = []
  if (email === undefined) codes.push('email.invalid')
  if (params.username !== undefined && !USERNAME.test(params.username.toLowerCase())) {
    codes.push('username.invalid')
  }
  if (params.data !== undefined && !isUserData(params.data)) codes.push('data.invalid_format')
  if (params.refid !== undefined && !REFERRAL.test(params.refid)) {
    codes.push('identity.user.invalid_referral_format')
  }
  return codes.length === 0 ? undefined : refuse(422, ...codes)
}

type Created =
  | { readonly outcome: 'created'; readonly user: User; readonly isUsernameDropped: boolean }
  | { readonly outcome: 'taken' }

/**
 * The new user, without the username if that is taken. Refusing a taken username would tell whether
 * the sign-up before it, with someone else's address and the same username, had created a user.
 */
async function createUser({ stores }: Pick<Parts, 'stores'>, wanted: NewUser): Promise<Created> {
  try {
    const user = await stores.users.create(wanted)
    return { outcome: 'created', user, isUsernameDropped: false }
  } catch (problem) {
    if (!(problem instanceof Fault) || problem.code !== 'store_conflict') throw problem
    if (!problem.message.includes('username')) return { outcome: 'taken' }
  }
  if (wanted.username === null) throw new Fault('store_garbage', { about: 'username conflict' })
  const again = await createUser({ stores }, { ...wanted, username: null })
  return again.outcome === 'taken' ? again : { ...again, isUsernameDropped: true }
}

async function signUp(parts: Parts, params: SignUpParams, client: Client): Promise<Outcome> {
  const { stores, settings, limits, passwords, postbox, randomBytes } = parts
  const email = parseEmail(params.email)
  const malformed = judgeForm(params, email)
  if (malformed !== undefined || email === undefined)
    return malformed ?? refuse(422, 'email.invalid')
  const workWaitS = await limits.admitWork(client.address)
  if (workWaitS > 0) return refuseForNow(workWaitS)
  const weak = await judgeNewPassword(parts, params.password, email.split(/[@.]/))
  if (weak !== undefined) return weak
  const referrer = params.refid === undefined ? null : await stores.users.findByUid(params.refid)
  if (referrer === undefined) return refuse(422, 'identity.user.referral_doesnt_exist')
  const mailWaitS = await limits.admitMail(email, client.address)
  if (mailWaitS > 0) return refuseForNow(mailWaitS)

  const username = params.username?.toLowerCase() ?? null
  const data = params.data ?? null
  const answer = { email, role: 'member', level: 0, otp: false, state: 'pending', username, data }
  const created = await createUser(parts, {
    uid: mintUid(randomBytes),
    username,
    email,
    passwordDigest: await passwords.digest(params.password),
    role: answer.role,
    level: answer.level,
    state: answer.state,
    referralId: referrer?.id ?? null,
    data,
  })
  const { publicOrigin } = settings
  postbox.post(async () => {
    if (created.outcome === 'taken') return writeTaken({ to: email, publicOrigin })
    const code = await issueCode(parts, 'confirmation', created.user.uid)
    const { isUsernameDropped } = created
    return writeConfirmation({ to: email, publicOrigin, code, isUsernameDropped })
  })
  return done(answer, { subject: created.outcome === 'created' ? created.user.uid : '' })
}

/** Becoming a user. */
export function createSignUpEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users',
      about: 'Sign up: the account waits for its e-mail address to be confirmed.',
      class: 'identity.user',
      activity: { topic: 'account', action: 'signup', isFailureToo: false },
      params: SignUpParams,
      success: { status: 201, body: SignUpView },
      refusals: [
        '422 email.invalid',
        '422 username.invalid',
        '422 data.invalid_format',
        '422 password.requirements',
        '422 password.weak',
        '422 identity.user.invalid_referral_format',
        '422 identity.user.referral_doesnt_exist',
        '429 identity.session.rate_limited',
      ],
      answer: ({ params, client }) => signUp(parts, params, client),
    }),
  ]
}
