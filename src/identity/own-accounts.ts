import type { ServiceAccount } from '../store/accounts.ts'
import { PageParams } from './admin-users.ts'
import {
  type ActorCall,
  done,
  type Endpoint,
  guardedEndpoint,
  type Outcome,
  refuse,
} from './endpoint.ts'
import { CHANGE_PARAMS, CREATE_PARAMS, Kid, listParams, Totp } from './key-params.ts'
import { changeKey, createKey, type KeyCall, KeyView, removeKey } from './key-work.ts'
import { CODE_REFUSALS, LIMIT_REFUSALS, listKeys, MAKING_REFUSALS } from './own-keys.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'
import { Empty, instant } from './views.ts'

const CLASS = 'resource.service_accounts'
const UNKNOWN = refuse(404, 'resource.service_account.doesnt_exist')
const UNKNOWN_CODE = '404 resource.service_account.doesnt_exist'
const mine = { door: 'resource', access: 'user', class: CLASS } as const
const Uid = Type.String({ maxLength: 64 })

export const AccountView = Type.Object({
  uid: Type.String(),
  email: Type.String(),
  role: Type.String(),
  level: Type.Integer(),
  state: Type.String(),
  owner_uid: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  created_at: Type.String(),
  updated_at: Type.String(),
})

export function accountView(account: ServiceAccount) {
  const { uid, email, role, level, state, ownerUid, createdAtMs, updatedAtMs } = account
  const created_at = instant(createdAtMs)
  return {
    uid,
    email,
    role,
    level,
    state,
    owner_uid: ownerUid,
    created_at,
    updated_at: instant(updatedAtMs),
  }
}

interface KeyParams {
  readonly service_account_uid: string
  readonly totp_code?: string
}

/** The account if it is the caller's; another's is answered as one that does not exist. */
async function ownAccount(
  { stores }: Parts,
  { actor, params }: ActorCall<Pick<KeyParams, 'service_account_uid'>>,
): Promise<ServiceAccount | undefined> {
  const account = await stores.serviceAccounts.find(params.service_account_uid)
  return account?.ownerUid === actor.user.uid ? account : undefined
}

/** Runs `work` for the holder that the call names, if the caller may. */
async function forAccount(
  parts: Parts,
  call: ActorCall<KeyParams>,
  work: (keyCall: KeyCall) => Promise<Outcome>,
): Promise<Outcome> {
  const account = await ownAccount(parts, call)
  if (account === undefined) return UNKNOWN
  const { actor, client, params } = call
  const { user } = actor
  const totpCode = params.totp_code
  const keyCall = { holderUid: account.uid, user, client, totpCode, codeClass: CLASS }
  return work(keyCall)
}

const CreateParams = Type.Object({ service_account_uid: Uid, ...CREATE_PARAMS })
const ChangeParams = Type.Object({ service_account_uid: Uid, ...CHANGE_PARAMS })

/** One's own service accounts and their keys; writing takes the owner's second factor. */
export function createOwnAccountEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/service_accounts',
      about: 'The service accounts that the user owns.',
      params: Type.Object(PageParams),
      success: { status: 200, body: Type.Array(AccountView) },
      refusals: [],
      answer: async ({ actor, params: { page = 1, limit = 100 } }) => {
        const query = { ownerUid: actor.user.uid, ordering: 'asc', page, limit } as const
        const { accounts, total } = await parts.stores.serviceAccounts.list(query)
        return done(accounts.map(accountView), { page: { total, page, limit } })
      },
    }),
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/service_accounts/api_keys',
      about: 'The keys of one of them; never a secret.',
      params: Type.Object({ service_account_uid: Uid, ...listParams(CLASS) }),
      success: { status: 200, body: Type.Array(KeyView) },
      refusals: [UNKNOWN_CODE, `422 ${CLASS}.invalid_ordering`, `422 ${CLASS}.invalid_attribute`],
      answer: async (call) => {
        const account = await ownAccount(parts, call)
        return account === undefined ? UNKNOWN : listKeys(parts, account.uid, call.params)
      },
    }),
    ...createWritingEndpoints(parts),
  ]
}

function createWritingEndpoints(parts: Parts): readonly Endpoint[] {
  const gone = '404 record.not_found'
  return [
    guardedEndpoint({
      ...mine,
      method: 'POST',
      path: '/service_accounts/api_keys',
      about: 'Make a key for one of them. HS256: the secret is in this answer and never again.',
      activity: { topic: 'api_key', action: 'create', isFailureToo: true },
      params: CreateParams,
      success: { status: 201, body: KeyView },
      refusals: [
        UNKNOWN_CODE,
        ...CODE_REFUSALS(CLASS),
        '422 kid.blank',
        '422 algorithm.inclusion',
        ...MAKING_REFUSALS,
        ...LIMIT_REFUSALS(CLASS),
      ],
      answer: (call) =>
        forAccount(parts, call, (keyCall) => createKey(parts, keyCall, call.params)),
    }),
    guardedEndpoint({
      ...mine,
      method: 'PUT',
      path: '/service_accounts/api_keys/:kid',
      about: 'Change what is given, and nothing else, in force when it answers.',
      activity: { topic: 'api_key', action: 'update', isFailureToo: true },
      params: ChangeParams,
      success: { status: 200, body: KeyView },
      refusals: [UNKNOWN_CODE, ...CODE_REFUSALS(CLASS), gone, ...LIMIT_REFUSALS(CLASS)],
      answer: (call) =>
        forAccount(parts, call, (keyCall) => changeKey(parts, keyCall, call.params)),
    }),
    guardedEndpoint({
      ...mine,
      method: 'DELETE',
      path: '/service_accounts/api_keys/:kid',
      about: 'Remove a key, in force when it answers.',
      activity: { topic: 'api_key', action: 'delete', isFailureToo: true },
      params: Type.Object({ service_account_uid: Uid, kid: Kid, totp_code: Totp }),
      success: { status: 204, body: Empty },
      refusals: [UNKNOWN_CODE, ...CODE_REFUSALS(CLASS), gone],
      answer: (call) =>
        forAccount(parts, call, (keyCall) => removeKey(parts, keyCall, call.params.kid)),
    }),
  ]
}
