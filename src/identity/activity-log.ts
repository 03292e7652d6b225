import { ACTIVITY_RESULTS, type ActivityCategory } from '../core/activity.ts'
import type { ActivityQuery, ListedActivity } from '../store/activities.ts'
import { PageParams } from './admin-users.ts'
import { done, type Endpoint, guardedEndpoint, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { type Static, Type } from './shape.ts'
import { instant } from './views.ts'

/** What one may ask about oneself, in Barong's words. */
const TOPICS = ['all', 'session', 'otp', 'password', 'account'] as const

const Seconds = Type.Integer({ minimum: 0, maximum: 253_402_300_799 })
const Word = Type.String({ maxLength: 64 })
const Result = Type.Unsafe<(typeof ACTIVITY_RESULTS)[number]>({
  type: 'string',
  enum: [...ACTIVITY_RESULTS],
})

const FIELDS = {
  id: Type.Integer(),
  user_ip: Type.String(),
  user_ip_country: Type.String(),
  user_agent: Type.String(),
  topic: Type.String(),
  action: Type.String(),
  result: Type.String(),
  reason: Type.String(),
  created_at: Type.String(),
}
const OwnView = Type.Object(FIELDS)

const Person = Type.Object({
  uid: Type.String(),
  email: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  role: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
})
const UserActivityView = Type.Object({ ...FIELDS, user: Person })
const AdminActivityView = Type.Object({
  ...FIELDS,
  admin: Person,
  target_uid: Type.String(),
  method: Type.String(),
  path: Type.String(),
  decision_id: Type.String(),
})

function ownView(one: ListedActivity) {
  return {
    id: one.number,
    user_ip: one.address,
    user_ip_country: one.country,
    user_agent: one.userAgent,
    topic: one.topic,
    action: one.action,
    result: one.result,
    reason: one.reason,
    created_at: instant(one.atMs),
  }
}

function personOf({ uid, email, role }: ListedActivity) {
  return { uid, email, role }
}

function userActivityView(one: ListedActivity) {
  return { ...ownView(one), user: personOf(one) }
}

function adminActivityView(one: ListedActivity) {
  return {
    ...ownView(one),
    admin: personOf(one),
    target_uid: one.targetUid,
    method: one.method,
    path: one.path,
    decision_id: one.decisionId,
  }
}

const SearchParams = Type.Object({
  uid: Type.Optional(Word),
  email: Type.Optional(Type.String({ maxLength: 254 })),
  target_uid: Type.Optional(Word),
  topic: Type.Optional(Word),
  action: Type.Optional(Word),
  result: Type.Optional(Result),
  from: Type.Optional(Seconds),
  to: Type.Optional(Seconds),
  ...PageParams,
})

function queryOf(params: Static<typeof SearchParams>, category: ActivityCategory): ActivityQuery {
  const { uid, email, target_uid, topic, action, result, from, to } = params
  return {
    category,
    page: params.page ?? 1,
    limit: params.limit ?? 100,
    ...(uid === undefined ? {} : { uid }),
    ...(email === undefined ? {} : { email }),
    ...(target_uid === undefined ? {} : { targetUid: target_uid }),
    ...(topic === undefined || topic === 'all' ? {} : { topic }),
    ...(action === undefined ? {} : { action }),
    ...(result === undefined ? {} : { result }),
    ...(from === undefined ? {} : { fromMs: from * 1000 }),
    ...(to === undefined ? {} : { toMs: to * 1000 }),
  }
}

const OwnParams = Type.Object({
  topic: Word,
  time_from: Type.Optional(Seconds),
  time_to: Type.Optional(Seconds),
  result: Type.Optional(Result),
  ...PageParams,
})

function createOwnEndpoint({ stores }: Parts): Endpoint {
  return guardedEndpoint({
    door: 'resource',
    access: 'user',
    class: 'resource.user',
    method: 'GET',
    path: '/users/activity/:topic',
    about: `What the signed-in user did, newest first; the topic is one of ${TOPICS.join(', ')}.`,
    params: OwnParams,
    success: { status: 200, body: Type.Array(OwnView) },
    refusals: ['422 resource.user.wrong_topic', '422 resource.user.no_activity'],
    answer: async ({ actor, params }) => {
      const { topic, time_from, time_to, result, page = 1, limit = 100 } = params
      if (!TOPICS.some((known) => known === topic)) return refuse(422, 'resource.user.wrong_topic')
      const { rows, total } = await stores.activities.find({
        ...{ category: 'user', uid: actor.user.uid, page, limit },
        ...(topic === 'all' ? {} : { topic }),
        ...(time_from === undefined ? {} : { fromMs: time_from * 1000 }),
        ...(time_to === undefined ? {} : { toMs: time_to * 1000 }),
        ...(result === undefined ? {} : { result }),
      })
      if (total === 0) return refuse(422, 'resource.user.no_activity')
      return done(rows.map(ownView), { page: { total, page, limit } })
    },
  })
}

/** What was done and by whom. Rows are written once and never change. */
export function createActivityEndpoints(parts: Parts): readonly Endpoint[] {
  const { activities } = parts.stores
  const query = { door: 'admin', method: 'GET', class: 'admin.activity', access: 'admin' } as const
  const find = async (category: ActivityCategory, params: Static<typeof SearchParams>) => {
    const asked = queryOf(params, category)
    const { rows, total } = await activities.find(asked)
    return { rows, page: { total, page: asked.page, limit: asked.limit } }
  }
  return [
    createOwnEndpoint(parts),
    guardedEndpoint({
      ...query,
      path: '/activities',
      about: 'What users did to their own accounts, newest first.',
      params: SearchParams,
      success: { status: 200, body: Type.Array(UserActivityView) },
      refusals: [],
      answer: async ({ params }) => {
        const { rows, page } = await find('user', params)
        return done(rows.map(userActivityView), { page })
      },
    }),
    guardedEndpoint({
      ...query,
      path: '/activities/admin',
      access: 'superadmin',
      about: 'What audited rules watched and what rules refused, newest first.',
      params: SearchParams,
      success: { status: 200, body: Type.Array(AdminActivityView) },
      refusals: [],
      answer: async ({ params }) => {
        const { rows, page } = await find('admin', params)
        return done(rows.map(adminActivityView), { page })
      },
    }),
  ]
}
