import { Fault } from '../core/fault.ts'
import type { ServiceAccountChange } from '../store/accounts.ts'
import { PageParams } from './admin-users.ts'
import { parseEmail } from './email.ts'
import {
  type ActorCall,
  done,
  type Endpoint,
  guardedEndpoint,
  type Outcome,
  refuse,
} from './endpoint.ts'
import { listParams } from './key-params.ts'
import { KeyView } from './key-work.ts'
import { AccountView, accountView } from './own-accounts.ts'
import { listKeys } from './own-keys.ts'
import type { Parts } from './parts.ts'
import { mintServiceUid } from './secret-id.ts'
import { type Static, Type } from './shape.ts'

const CLASS = 'admin.service_account'
const UNKNOWN = refuse(404, `${CLASS}.doesnt_exist`)
const UNKNOWN_CODE = `404 ${CLASS}.doesnt_exist`
const STATES = ['active', 'pending', 'locked', 'banned', 'disabled'] as const

const Word = Type.String({ maxLength: 64 })
const Email = Type.String({ maxLength: 254 })
const Level = Type.Integer({ minimum: 0, maximum: 1_000 })
const State = Type.Unsafe<(typeof STATES)[number]>({ type: 'string', enum: [...STATES] })

const ListParams = Type.Object({
  uid: Type.Optional(Word),
  owner_uid: Type.Optional(Word),
  email: Type.Optional(Email),
  role: Type.Optional(Word),
  state: Type.Optional(Word),
  ordering: Type.Optional(Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'] })),
  ...PageParams,
})
const CreateParams = Type.Object({
  owner_uid: Type.Optional(Word),
  email: Type.Optional(Email),
  role: Word,
  level: Type.Optional(Level),
  state: Type.Optional(State),
})
const UpdateParams = Type.Object({
  uid: Word,
  email: Type.Optional(Email),
  role: Type.Optional(Word),
  level: Type.Optional(Level),
  state: Type.Optional(State),
})

/** Of the owner's address, as Barong makes it: `john+SI…@example.com`. */
function ownAddress(ownerEmail: string, uid: string): string {
  const at = ownerEmail.lastIndexOf('@')
  return `${ownerEmail.slice(0, at)}+${uid.toLowerCase()}${ownerEmail.slice(at)}`
}

async function create(
  { stores, randomBytes, log }: Parts,
  { actor, params }: ActorCall<Static<typeof CreateParams>>,
): Promise<Outcome> {
  const { owner_uid: ownerUid = null, role, level = null, state = null } = params
  if (!(await stores.policies.hasRole(role))) return refuse(422, 'role.doesnt_exist')
  const owner = ownerUid === null ? undefined : await stores.users.findByUid(ownerUid)
  if (ownerUid !== null && owner === undefined) return refuse(404, `${CLASS}.owner_doesnt_exist`)
  if (params.email === undefined && owner === undefined) {
    return refuse(422, `${CLASS}.missing_email`)
  }
  const uid = mintServiceUid(randomBytes)
  const email = params.email === undefined ? ownAddress(owner?.email ?? '', uid) : params.email
  if (parseEmail(email) === undefined) return refuse(422, 'email.invalid')
  const made = await stores.serviceAccounts
    .create({ uid, email, role, level, state, ownerUid })
    .catch(takenEmail)
  if (made === 'taken') return refuse(422, 'email.taken')
  if (made.outcome !== 'done') {
    const isFull = made.outcome === 'full'
    return isFull
      ? refuse(422, `${CLASS}.limit_reached`)
      : refuse(404, `${CLASS}.owner_doesnt_exist`)
  }
  log.info({ event: 'account.created', by: actor.user.uid, uid }, 'service account created')
  return done(accountView(made.account), { subject: uid })
}

function takenEmail(problem: unknown): 'taken' {
  const isTaken = problem instanceof Fault && problem.code === 'store_conflict'
  if (isTaken && problem.message.endsWith('email')) return 'taken'
  throw problem
}

async function change(
  { stores, log }: Parts,
  byUid: string,
  uid: string,
  wanted: ServiceAccountChange,
): Promise<Outcome> {
  if (wanted.role !== undefined && !(await stores.policies.hasRole(wanted.role))) {
    return refuse(422, 'role.doesnt_exist')
  }
  if (wanted.email !== undefined && parseEmail(wanted.email) === undefined) {
    return refuse(422, 'email.invalid')
  }
  const account = await stores.serviceAccounts.change(uid, wanted).catch(takenEmail)
  if (account === 'taken') return refuse(422, 'email.taken')
  if (account === undefined) return UNKNOWN
  const { role, level, state } = account
  log.info({ event: 'account.changed', by: byUid, uid, role, level, state }, 'account changed')
  return done(accountView(account))
}

/** Service accounts and keys, for administrators. */
export function createAdminAccountEndpoints(parts: Parts): readonly Endpoint[] {
  const { stores } = parts
  const read = { door: 'admin', method: 'GET', access: 'admin' } as const
  return [
    guardedEndpoint({
      ...read,
      path: '/api_keys',
      about: 'The API keys of a user or service account, in pages; never a secret.',
      class: 'admin.api_key',
      params: Type.Object({ uid: Word, ...listParams('admin.api_key') }),
      success: { status: 200, body: Type.Array(KeyView) },
      refusals: [
        '404 admin.user.doesnt_exist',
        '422 admin.api_key.invalid_ordering',
        '422 admin.api_key.invalid_attribute',
      ],
      answer: async ({ params }) => {
        const { uid } = params
        const holder =
          (await stores.users.findByUid(uid)) ?? (await stores.serviceAccounts.find(uid))
        if (holder === undefined) return refuse(404, 'admin.user.doesnt_exist')
        return listKeys(parts, uid, params)
      },
    }),
    guardedEndpoint({
      ...read,
      path: '/service_accounts',
      about: 'Service accounts, filtered and in pages.',
      class: CLASS,
      params: ListParams,
      success: { status: 200, body: Type.Array(AccountView) },
      refusals: [],
      answer: async ({ params }) => {
        const { owner_uid: ownerUid, page = 1, limit = 100, ordering = 'asc', ...filter } = params
        const owned = ownerUid === undefined ? {} : { ownerUid }
        const query = { ...filter, ...owned, page, limit, ordering }
        const { accounts, total } = await stores.serviceAccounts.list(query)
        return done(accounts.map(accountView), { page: { total, page, limit } })
      },
    }),
    ...createWritingEndpoints(parts),
  ]
}

const recorded = { category: 'admin', topic: 'service_accounts', isFailureToo: true } as const

function createWritingEndpoints(parts: Parts): readonly Endpoint[] {
  const write = { door: 'admin', class: CLASS, path: '/service_accounts' } as const
  return [
    guardedEndpoint({
      ...write,
      method: 'POST',
      access: 'superadmin',
      activity: { ...recorded, action: 'create service account' },
      about: 'Make a service account; level and state are its owner’s unless given.',
      params: CreateParams,
      success: { status: 201, body: AccountView },
      refusals: [
        `404 ${CLASS}.owner_doesnt_exist`,
        `422 ${CLASS}.missing_email`,
        `422 ${CLASS}.limit_reached`,
        '422 role.doesnt_exist',
        '422 email.invalid',
        '422 email.taken',
      ],
      answer: (call) => create(parts, call),
    }),
    guardedEndpoint({
      ...write,
      method: 'PUT',
      access: 'superadmin',
      activity: { ...recorded, action: 'update service account' },
      about: 'Change a service account; without the state active its keys become inactive.',
      params: UpdateParams,
      success: { status: 200, body: AccountView },
      refusals: [UNKNOWN_CODE, '422 role.doesnt_exist', '422 email.invalid', '422 email.taken'],
      answer: async ({ actor, params: { uid, ...wanted } }) =>
        change(parts, actor.user.uid, uid, wanted),
    }),
    guardedEndpoint({
      ...write,
      method: 'DELETE',
      access: 'admin',
      activity: { ...recorded, action: 'disable service account' },
      about: 'Disable a service account: its keys become inactive at once.',
      params: Type.Object({ uid: Word }),
      success: { status: 200, body: AccountView },
      refusals: [UNKNOWN_CODE],
      answer: ({ actor, params: { uid } }) =>
        change(parts, actor.user.uid, uid, { state: 'disabled' }),
    }),
  ]
}
