import type { Actor, ActorCall, Endpoint } from './endpoint.ts'
import { done, guardedEndpoint, type Outcome } from './endpoint.ts'
import {
  CHANGE_PARAMS,
  CREATE_PARAMS,
  Kid,
  keyQueryOf,
  listParams,
  ROTATE_PARAMS,
  Totp,
} from './key-params.ts'
import {
  changeKey,
  createKey,
  type KeyCall,
  KeyView,
  keyView,
  removeKey,
  rotateKey,
} from './key-work.ts'
import type { Parts } from './parts.ts'
import { Type } from './shape.ts'
import { Empty } from './views.ts'

const CLASS = 'resource.api_key'
const mine = { door: 'resource', access: 'user', class: CLASS } as const

export const CODE_REFUSALS = (codeClass: string): readonly string[] => [
  `400 ${codeClass}.2fa_disabled`,
  `422 ${codeClass}.missing_totp`,
  `422 ${codeClass}.invalid_totp`,
  '422 totp.error',
  '429 identity.session.rate_limited',
]

/** What a key may be refused for, once the code was right. */
export const LIMIT_REFUSALS = (codeClass: string): readonly string[] => [
  ...['scope', 'networks', 'expires_at', 'rate_burst'].map(
    (name) => `422 ${codeClass}.invalid_${name}`,
  ),
  '422 api_key.holder_not_active',
]

export const MAKING_REFUSALS = [
  '422 public_key.invalid',
  '422 api_key.could_not_save_secret',
  '422 api_key.limit_reached',
] as const

const made = { status: 201, body: KeyView } as const
const gone = '404 record.not_found'

const CreateParams = Type.Object(CREATE_PARAMS)
const ChangeParams = Type.Object(CHANGE_PARAMS)
const RotateParams = Type.Object(ROTATE_PARAMS)

function callOf({ actor, params, client }: ActorCall<{ readonly totp_code?: string }>): KeyCall {
  const { user } = actor
  return { holderUid: user.uid, user, client, totpCode: params.totp_code, codeClass: CLASS }
}

/** One's own API keys. */
export function createOwnKeyEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    guardedEndpoint({
      ...mine,
      method: 'GET',
      path: '/api_keys',
      about: 'The user’s API keys, in pages; never a secret.',
      params: Type.Object(listParams(CLASS)),
      success: { status: 200, body: Type.Array(KeyView) },
      refusals: [`422 ${CLASS}.invalid_ordering`, `422 ${CLASS}.invalid_attribute`],
      answer: ({ actor, params }) => listKeys(parts, actor.user.uid, params),
    }),
    guardedEndpoint({
      ...mine,
      method: 'POST',
      path: '/api_keys',
      about: 'Make a key. HS256: the secret is in this answer and never again.',
      activity: { topic: 'api_key', action: 'create', isFailureToo: true },
      params: CreateParams,
      success: made,
      refusals: [
        ...CODE_REFUSALS(CLASS),
        '422 kid.blank',
        '422 algorithm.inclusion',
        ...MAKING_REFUSALS,
        ...LIMIT_REFUSALS(CLASS),
      ],
      answer: (call) => createKey(parts, callOf(call), call.params),
    }),
    ...createKeepingEndpoints(parts),
  ]
}

/** What happens to a key afterwards. */
function createKeepingEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    guardedEndpoint({
      ...mine,
      method: 'PATCH',
      path: '/api_keys/:kid',
      about: 'Change what is given, and nothing else, in force when it answers.',
      activity: { topic: 'api_key', action: 'update', isFailureToo: true },
      params: ChangeParams,
      success: { status: 200, body: KeyView },
      refusals: [...CODE_REFUSALS(CLASS), gone, ...LIMIT_REFUSALS(CLASS)],
      answer: (call) => changeKey(parts, callOf(call), call.params),
    }),
    guardedEndpoint({
      ...mine,
      method: 'POST',
      path: '/api_keys/:kid/rotate',
      about: 'A new key with the same limits; the old one ends after `overlap` seconds.',
      activity: { topic: 'api_key', action: 'rotate', isFailureToo: true },
      params: RotateParams,
      success: made,
      refusals: [
        ...CODE_REFUSALS(CLASS),
        gone,
        `422 ${CLASS}.invalid_overlap`,
        ...MAKING_REFUSALS,
        '422 api_key.holder_not_active',
      ],
      answer: (call) => {
        const { kid, overlap = 0, public_key: publicKey } = call.params
        return rotateKey(parts, callOf(call), { kid, overlapS: overlap, publicKey })
      },
    }),
    guardedEndpoint({
      ...mine,
      method: 'DELETE',
      path: '/api_keys/:kid',
      about: 'Remove a key, in force when it answers.',
      activity: { topic: 'api_key', action: 'delete', isFailureToo: true },
      params: Type.Object({ kid: Kid, totp_code: Totp }),
      success: { status: 204, body: Empty },
      refusals: [...CODE_REFUSALS(CLASS), gone],
      answer: (call) => removeKey(parts, callOf(call), call.params.kid),
    }),
  ]
}

/** A page of a holder's keys. */
export async function listKeys(
  { stores }: Parts,
  uid: Actor['user']['uid'],
  params: Parameters<typeof keyQueryOf>[1],
): Promise<Outcome> {
  const query = keyQueryOf(uid, params)
  const { keys, total } = await stores.apiKeys.list(query)
  const page = { total, page: query.page, limit: query.limit }
  return done(
    keys.map((one) => keyView(one)),
    { page },
  )
}
