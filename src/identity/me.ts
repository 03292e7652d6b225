import {
  type ActorCall,
  done,
  type Endpoint,
  guardedEndpoint,
  type Outcome,
  refuse,
  refuseForNow,
} from './endpoint.ts'
import { spendCode } from './one-time-codes.ts'
import type { Parts } from './parts.ts'
import { isPasswordBounded } from './password.ts'
import { judgeNewPassword } from './password-rules.ts'
import { changeThen } from './recorded.ts'
import { type Static, Type } from './shape.ts'
import { isUserData } from './sign-up.ts'
import { isLastSuperadmin } from './user-edits.ts'
import { Empty, LabelView, labelView, UserView, userView } from './views.ts'

const PasswordParams = Type.Object({
  old_password: Type.String(),
  new_password: Type.String(),
  confirm_password: Type.String(),
})

async function changePassword(
  parts: Parts,
  { actor, params, client }: ActorCall<Static<typeof PasswordParams>>,
): Promise<Outcome> {
  const { stores, limits, passwords, log } = parts
  const { user, sessionHash } = actor
  // Guessing the old password here is guessing it at the login: the same bucket counts.
  const waitS = await limits.admitLogin(user.email, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  if (params.new_password !== params.confirm_password) {
    return refuse(422, 'resource.password.doesnt_match')
  }
  const isKnown =
    isPasswordBounded(params.old_password) &&
    (await passwords.verify(user.passwordDigest, params.old_password))
  if (!isKnown) return refuse(400, 'resource.password.prev_pass_not_correct')
  await limits.recordLogin(user.email, client.address)
  if (params.new_password === params.old_password) {
    return refuse(400, 'resource.password.no_change_provided')
  }
  const weak = await judgeNewPassword(parts, params.new_password, user.email.split(/[@.]/))
  if (weak !== undefined) return weak
  const passwordDigest = await passwords.digest(params.new_password)
  await changeThen(
    () => stores.users.change(user.uid, { passwordDigest }),
    () => stores.sessions.endAll(user.uid, sessionHash, 'password'),
  )
  log.info({ event: 'password.changed', uid: user.uid }, 'password changed')
  return done({})
}

const LeaveParams = Type.Object({
  password: Type.String(),
  otp_code: Type.Optional(Type.String({ maxLength: 32 })),
})

/** The account stays, as `deleted`: what it did must still be told apart from others. */
async function leave(
  parts: Parts,
  { actor, params, client }: ActorCall<Static<typeof LeaveParams>>,
): Promise<Outcome> {
  const { stores, limits, passwords, log } = parts
  const { user } = actor
  const waitS = await limits.admitLogin(user.email, client.address)
  if (waitS > 0) return refuseForNow(waitS)
  const isKnown =
    isPasswordBounded(params.password) &&
    (await passwords.verify(user.passwordDigest, params.password))
  if (!isKnown) return refuse(422, 'resource.user.invalid_password')
  await limits.recordLogin(user.email, client.address)
  if (user.otp) {
    const { otp_code: code } = params
    if (code === undefined) return refuse(422, 'resource.user.missing_otp_code')
    const wrong = refuse(422, 'resource.user.invalid_otp')
    const refused = await spendCode(parts, { user, code, client, wrong })
    if (refused !== undefined) return refused
  }
  if (user.role === 'superadmin' && (await isLastSuperadmin(parts, user))) {
    return refuse(422, 'admin.user.superadmin_change')
  }
  await stores.users.putLabel(user.uid, { key: 'delete', value: 'by_user', scope: 'private' })
  await changeThen(
    () => stores.users.change(user.uid, { state: 'deleted' }),
    () => stores.sessions.endAll(user.uid, undefined, 'state'),
  )
  log.info({ event: 'user.left', uid: user.uid }, 'a user deleted the own account')
  return done({}, { sessionId: null })
}

const mine = { door: 'resource', access: 'user', class: 'resource.user' } as const

/** One's own account. */
export function createMeEndpoints(parts: Parts): readonly Endpoint[] {
  const { stores } = parts
  return [
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/users/me',
      about: 'The signed-in user.',
      params: Type.Object({}),
      success: { status: 200, body: UserView },
      refusals: [],
      answer: async ({ actor: { user } }) =>
        done(userView(user, await stores.users.labels(user.uid))),
    }),
    guardedEndpoint({
      ...mine,
      method: 'PUT',
      path: '/users/me',
      about: 'Replace the free data that the user keeps with the account.',
      params: Type.Object({ data: Type.String() }),
      success: { status: 200, body: UserView },
      refusals: ['422 data.invalid_format'],
      answer: async ({ actor: { user }, params }) => {
        if (!isUserData(params.data)) return refuse(422, 'data.invalid_format')
        const changed = await stores.users.change(user.uid, { data: params.data })
        if (changed === undefined) return refuse(404, 'record.not_found')
        return done(userView(changed, await stores.users.labels(user.uid)))
      },
    }),
    guardedEndpoint({
      ...mine,
      method: 'DELETE',
      path: '/users/me',
      about: 'Delete the account: ends its sessions and makes its API keys inactive.',
      activity: { topic: 'account', action: 'delete', isFailureToo: true },
      params: LeaveParams,
      success: { status: 200, body: Empty },
      refusals: [
        '422 resource.user.invalid_password',
        '422 resource.user.missing_otp_code',
        '422 resource.user.invalid_otp',
        '422 admin.user.superadmin_change',
        '422 totp.error',
        '429 identity.session.rate_limited',
      ],
      answer: (call) => leave(parts, call),
    }),
    ...createKeepingEndpoints(parts),
  ]
}

/** What goes with the account: its password and its labels. */
function createKeepingEndpoints(parts: Parts): readonly Endpoint[] {
  const { stores } = parts
  return [
    guardedEndpoint({
      ...mine,
      method: 'PUT',
      path: '/users/password',
      about: 'Change the password: ends every other session of the user.',
      class: 'resource.password',
      activity: { topic: 'password', action: 'password change', isFailureToo: true },
      params: PasswordParams,
      success: { status: 201, body: Empty },
      refusals: [
        '422 resource.password.doesnt_match',
        '400 resource.password.prev_pass_not_correct',
        '400 resource.password.no_change_provided',
        '422 password.requirements',
        '422 password.weak',
        '429 identity.session.rate_limited',
      ],
      answer: (call) => changePassword(parts, call),
    }),
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/labels',
      about: 'The labels of the signed-in user.',
      params: Type.Object({}),
      success: { status: 200, body: Type.Array(LabelView) },
      refusals: [],
      answer: async ({ actor: { user } }) =>
        done((await stores.users.labels(user.uid)).map(labelView)),
    }),
  ]
}
