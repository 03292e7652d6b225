import type { UserQuery } from '../store/users.ts'
import { done, type Endpoint, guardedEndpoint, type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { type Static, Type } from './shape.ts'
import { createInTurn, type Edit, editUser, type InTurn, judgeTarget } from './user-edits.ts'
import { UserRow, UserView, userRow, userView } from './views.ts'

/** States that an administrator may set. */
const STATES = ['active', 'pending', 'locked', 'banned', 'deleted'] as const

const OneOf = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words] })

export const PageParams = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
}

const Uid = Type.String({ maxLength: 64 })
const Seconds = Type.Integer({ minimum: 0, maximum: 253_402_300_799 })
const ORDER_FIELDS = [
  'id',
  'uid',
  'email',
  'role',
  'level',
  'state',
  'created_at',
  'updated_at',
] as const

const ListParams = Type.Object({
  uid: Type.Optional(Uid),
  email: Type.Optional(Type.String({ maxLength: 254 })),
  role: Type.Optional(Type.String({ maxLength: 64 })),
  level: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
  state: Type.Optional(Type.String({ maxLength: 64 })),
  range: Type.Optional(OneOf(['created', 'updated'])),
  from: Type.Optional(Seconds),
  to: Type.Optional(Seconds),
  ordering: Type.Optional(OneOf(['asc', 'desc'])),
  order_by: Type.Optional(OneOf(ORDER_FIELDS)),
  ...PageParams,
})

const UpdateParams = Type.Object({
  uid: Uid,
  state: Type.Optional(OneOf(STATES)),
  otp: Type.Optional(Type.Boolean()),
})

const EDIT_REFUSALS = [
  '404 admin.user.doesnt_exist',
  '422 admin.user.superadmin_change',
  '422 admin.user.update_himself',
]

function queryOf(params: Static<typeof ListParams>): UserQuery {
  const { uid, email, role, level, state, range, from, to } = params
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(email === undefined ? {} : { email: email.toLowerCase() }),
    ...(role === undefined ? {} : { role }),
    ...(level === undefined ? {} : { level }),
    ...(state === undefined ? {} : { state }),
    range: range ?? 'created',
    ...(from === undefined ? {} : { fromMs: from * 1000 }),
    ...(to === undefined ? {} : { toMs: to * 1000 }),
    orderBy: params.order_by ?? 'id',
    ordering: params.ordering ?? 'asc',
    page: params.page ?? 1,
    limit: params.limit ?? 100,
  }
}

/** What exactly one of state and otp asks for, or why it cannot be. */
function readUpdate({ uid, state, otp }: Static<typeof UpdateParams>): Edit | Outcome {
  if ((state === undefined) === (otp === undefined)) {
    return refuse(422, 'admin.user.one_of_state_otp')
  }
  if (otp === true) return refuse(422, 'admin.user.enable_2fa')
  const change = state === undefined ? { otp: false } : { state }
  return { uid, change, access: 'admin' }
}

/** Reading users. */
function createUserQueries({ stores }: Parts): readonly Endpoint[] {
  const query = { door: 'admin', method: 'GET', access: 'admin', class: 'admin.user' } as const
  return [
    guardedEndpoint({
      ...query,
      path: '/users',
      about: 'Users, filtered, ordered and in pages; times are in seconds.',
      params: ListParams,
      success: { status: 200, body: Type.Array(UserRow) },
      refusals: [],
      answer: async ({ params }) => {
        const wanted = queryOf(params)
        const { users, total } = await stores.users.find(wanted)
        const { page, limit } = wanted
        return done(users.map(userRow), { page: { total, page, limit } })
      },
    }),
    guardedEndpoint({
      ...query,
      path: '/users/:uid',
      about: 'One user with labels.',
      params: Type.Object({ uid: Uid }),
      success: { status: 200, body: UserView },
      refusals: ['404 admin.user.doesnt_exist'],
      answer: async ({ params: { uid } }) => {
        const user = await stores.users.findByUid(uid)
        if (user === undefined) return refuse(404, 'admin.user.doesnt_exist')
        return done(userView(user, await stores.users.labels(uid)))
      },
    }),
  ]
}

const recorded = { category: 'admin', topic: 'users', isFailureToo: true } as const

/** Users, for administrators. */
export function createAdminUserEndpoints(parts: Parts): readonly Endpoint[] {
  // Two superadmins who demote each other at once must not both succeed.
  const inTurn = createInTurn()
  const update = {
    door: 'admin',
    access: 'admin',
    class: 'admin.user',
    params: UpdateParams,
    success: { status: 200, body: UserView },
    refusals: [
      ...EDIT_REFUSALS,
      '422 admin.user.one_of_state_otp',
      '422 admin.user.enable_2fa',
      '422 admin.user.state_no_change',
      '422 admin.user.otp_no_change',
    ],
    activity: { ...recorded, action: 'update user' },
  } as const
  const answerUpdate: Parameters<typeof guardedEndpoint<typeof UpdateParams>>[0]['answer'] =
    async ({ actor, params }) => {
      const edit = readUpdate(params)
      return 'kind' in edit ? edit : inTurn(() => editUser(parts, actor, edit))
    }
  return [
    ...createUserQueries(parts),
    guardedEndpoint({
      ...update,
      method: 'POST',
      path: '/users/update',
      about: 'Set a user’s state, or take the second factor away.',
      answer: answerUpdate,
    }),
    guardedEndpoint({
      ...update,
      method: 'PUT',
      path: '/users',
      about: 'The same as POST /users/update.',
      answer: answerUpdate,
    }),
    ...createUserPowers(parts, inTurn),
  ]
}

/** What goes beyond an account's state: its role, and its sessions at once. */
function createUserPowers(parts: Parts, inTurn: InTurn): readonly Endpoint[] {
  const { stores, log } = parts
  return [
    guardedEndpoint({
      door: 'admin',
      method: 'POST',
      path: '/users/role',
      about: 'Set a user’s role: ends every session of the user.',
      activity: { ...recorded, action: 'update role' },
      class: 'admin.user',
      access: 'superadmin',
      params: Type.Object({ uid: Uid, role: Type.String({ maxLength: 64 }) }),
      success: { status: 200, body: UserView },
      refusals: [...EDIT_REFUSALS, '422 admin.user.role_no_change', '422 role.doesnt_exist'],
      answer: async ({ actor, params: { uid, role } }) => {
        if (!(await stores.policies.hasRole(role))) return refuse(422, 'role.doesnt_exist')
        const edit = { uid, change: { role }, access: 'superadmin' } as const
        return inTurn(() => editUser(parts, actor, edit))
      },
    }),
    guardedEndpoint({
      door: 'admin',
      method: 'DELETE',
      path: '/users/:uid/sessions',
      about: 'End every session of a user.',
      activity: { ...recorded, action: 'end sessions' },
      class: 'admin.user',
      access: 'admin',
      params: Type.Object({ uid: Uid }),
      success: { status: 200, body: Type.Object({ ended: Type.Integer() }) },
      refusals: ['404 admin.user.doesnt_exist', '422 admin.user.superadmin_change'],
      answer: async ({ actor, params: { uid } }) => {
        const user = await judgeTarget(parts, actor, uid, 'admin')
        if (!('uid' in user)) return user
        const ended = await stores.sessions.endAll(uid)
        log.info({ event: 'sessions.ended', by: actor.user.uid, uid, ended }, 'sessions ended')
        return done({ ended })
      },
    }),
  ]
}
