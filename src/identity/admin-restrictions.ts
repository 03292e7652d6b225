import { Fault } from '../core/fault.ts'
import {
  CATEGORIES,
  CODE_MAX,
  CODE_MIN,
  defaultCode,
  isValueOf,
  type Restriction,
  SCOPES,
  STATES,
} from '../core/restriction.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import type { RestrictionQuery } from '../store/restrictions.ts'
import { PageParams } from './admin-users.ts'
import { done, type Endpoint, guardedEndpoint, type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { mintSecretId } from './secret-id.ts'
import { type Static, Type } from './shape.ts'
import { RestrictionView, restrictionView } from './views.ts'

/** One of `words`, refused in a word of its own; `shape` reads `refusal`. */
const OneOf = <const T extends readonly string[]>(words: T, refusal: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words], refusal })

const Scope = OneOf(SCOPES, 'admin.restriction.invalid_scope')
const Category = OneOf(CATEGORIES, 'admin.restriction.invalid_category')
const State = OneOf(STATES, 'admin.restriction.invalid_state')
const Value = Type.Unsafe<string>({ type: 'string', maxLength: 64, refusal: 'value.invalid' })
const Code = Type.Integer({ minimum: CODE_MIN, maximum: CODE_MAX })
const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })
const Seconds = Type.Integer({ minimum: 0, maximum: 253_402_300_799 })

const ListParams = Type.Object({
  scope: Type.Optional(Scope),
  category: Type.Optional(Category),
  state: Type.Optional(State),
  range: Type.Optional(OneOf(['created', 'updated'], 'admin.restriction.invalid_range')),
  from: Type.Optional(Seconds),
  to: Type.Optional(Seconds),
  ...PageParams,
})

const NewRestriction = Type.Object({
  scope: Scope,
  value: Value,
  category: Category,
  state: Type.Optional(State),
  code: Type.Optional(Code),
})

const ChangedRestriction = Type.Object({
  id: Id,
  scope: Type.Optional(Scope),
  value: Type.Optional(Value),
  category: Type.Optional(Category),
  state: Type.Optional(State),
  code: Type.Optional(Code),
})

const RANGES = ['day', 'hour'] as const
const RANGE_MS = { day: 86_400_000, hour: 3_600_000 } as const

const NewWhitelink = Type.Object({
  expire_time: Type.Optional(
    Type.Unsafe<number>({
      ...{ type: 'integer', minimum: 1, maximum: 30 },
      refusal: 'admin.restriction.invalid_expire',
    }),
  ),
  range: Type.Optional(OneOf(RANGES, 'admin.restriction.invalid_range')),
})

const NOT_FOUND = '404 admin.restriction.doesnt_exist'
const EDIT_REFUSALS = [
  '422 value.invalid',
  '422 value.taken',
  '422 admin.restriction.invalid_scope',
  '422 admin.restriction.invalid_category',
  '422 admin.restriction.invalid_state',
  '422 admin.restriction.invalid_code',
]
const MISSING = refuse(404, 'admin.restriction.doesnt_exist')

function queryOf(params: Static<typeof ListParams>): RestrictionQuery {
  const { scope, category, state, range = 'created', from, to, page = 1, limit = 100 } = params
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(category === undefined ? {} : { category }),
    ...(state === undefined ? {} : { state }),
    ...(from === undefined ? {} : { fromMs: from * 1000 }),
    ...(to === undefined ? {} : { toMs: to * 1000 }),
    ...{ range, page, limit },
  }
}

/** Barong's word for a row that says what another says already. */
async function orTaken(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (problem) {
    const isTaken = problem instanceof Fault && problem.code === 'store_conflict'
    if (isTaken) return refuse(422, 'value.taken')
    throw problem
  }
}

const query = { door: 'admin', access: 'admin', class: 'admin.restriction' } as const
const path = '/restrictions'
const success = { status: 200, body: RestrictionView } as const

/** Restrictions, for administrators; every change is in force when its call returns. */
export function createAdminRestrictionEndpoints(parts: Parts): readonly Endpoint[] {
  const { restrictions } = parts.stores
  return [
    guardedEndpoint({
      ...{ ...query, path, method: 'GET' },
      about: 'Restrictions, filtered and in pages, by id; times are in seconds.',
      params: ListParams,
      success: { status: 200, body: Type.Array(RestrictionView) },
      refusals: [
        '422 admin.restriction.invalid_scope',
        '422 admin.restriction.invalid_category',
        '422 admin.restriction.invalid_state',
        '422 admin.restriction.invalid_range',
      ],
      answer: async ({ params }) => {
        const wanted = queryOf(params)
        const { rows, total } = await restrictions.find(wanted)
        const { page, limit } = wanted
        return done(rows.map(restrictionView), { page: { total, page, limit } })
      },
    }),
    ...createRestrictionEdits(parts),
    createWhitelinkEndpoint(parts),
  ]
}

const recorded = { category: 'admin', topic: 'restrictions', isFailureToo: true } as const

function createRestrictionEdits(parts: Parts): readonly Endpoint[] {
  const { restrictions } = parts.stores
  return [
    guardedEndpoint({
      ...{ ...query, path, method: 'POST' },
      activity: { ...recorded, action: 'create restriction' },
      about: 'Add a restriction. A blocklogin that is enabled ends every session.',
      params: NewRestriction,
      success: { status: 201, body: RestrictionView },
      refusals: EDIT_REFUSALS,
      answer: async ({ actor, params }) => {
        const { category, scope, value, state = 'enabled' } = params
        if (!isValueOf(scope, value)) return refuse(422, 'value.invalid')
        const code = codeOf(params)
        return orTaken(async () => {
          const added = await restrictions.add({ category, scope, value, state, code })
          recordEdit(parts, actor.user.uid, 'added', added)
          return done(restrictionView(added))
        })
      },
    }),
    guardedEndpoint({
      ...{ ...query, path, method: 'PUT', success },
      activity: { ...recorded, action: 'update restriction' },
      about: 'Change a restriction. A blocklogin that becomes enabled ends every session.',
      params: ChangedRestriction,
      refusals: [NOT_FOUND, ...EDIT_REFUSALS],
      answer: async ({ actor, params: { id, ...change } }) => {
        const before = await restrictions.findById(id)
        if (before === undefined) return MISSING
        const { scope, value } = { ...before, ...change }
        if (!isValueOf(scope, value)) return refuse(422, 'value.invalid')
        return orTaken(async () => {
          const changed = await restrictions.change(id, change)
          if (changed === undefined) return MISSING
          recordEdit(parts, actor.user.uid, 'changed', changed)
          return done(restrictionView(changed))
        })
      },
    }),
    guardedEndpoint({
      ...{ ...query, path, method: 'DELETE', success },
      activity: { ...recorded, action: 'delete restriction' },
      about: 'Remove a restriction.',
      params: Type.Object({ id: Id }),
      refusals: [NOT_FOUND],
      answer: async ({ actor, params: { id } }) => {
        const removed = await restrictions.remove(id)
        if (removed === undefined) return MISSING
        recordEdit(parts, actor.user.uid, 'removed', removed)
        return done(restrictionView(removed))
      },
    }),
  ]
}

function createWhitelinkEndpoint({ stores, nowMs, randomBytes, log }: Parts): Endpoint {
  return guardedEndpoint({
    ...{ ...query, path: '/restrictions/whitelink', method: 'POST' },
    activity: { ...recorded, action: 'issue whitelink' },
    about: 'A token with which people whitelist the address they call from; shown this once.',
    params: NewWhitelink,
    success: { status: 201, body: Type.Object({ whitelink_token: Type.String() }) },
    refusals: ['422 admin.restriction.invalid_expire', '422 admin.restriction.invalid_range'],
    answer: async ({ actor, params: { expire_time = 1, range = 'day' } }) => {
      const token = mintSecretId(randomBytes)
      const notAfterMs = nowMs() + expire_time * RANGE_MS[range]
      const issuedBy = actor.user.uid
      await stores.restrictions.issueLink({ hash: sha256Base64url(token), issuedBy, notAfterMs })
      log.info({ event: 'whitelink.issued', by: issuedBy, notAfterMs }, 'whitelink issued')
      return done({ whitelink_token: token })
    },
  })
}

/** Barong gives a whitelist row the status of its scope, whatever was asked for. */
function codeOf({ category, scope, code }: Static<typeof NewRestriction>): number {
  if (category === 'whitelist' || code === undefined) return defaultCode(category, scope)
  return code
}

function recordEdit({ log }: Parts, by: string, what: string, row: Restriction): void {
  log.info({ event: `restriction.${what}`, by, row }, 'restriction edited')
}
