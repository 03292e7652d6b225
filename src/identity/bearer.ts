import { isStateAccepted } from '../core/principal.ts'
import { sidOf } from '../crypto/digest.ts'
import { type Access, type Actor, type Refusal, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'

const BEARER = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/

/** The roles that each access admits; `user` admits any. */
const ROLES = {
  user: undefined,
  admin: new Set(['admin', 'superadmin']),
  superadmin: new Set(['superadmin']),
} as const satisfies Record<Exclude<Access, 'anyone'>, ReadonlySet<string> | undefined>

export function isRoleAdmitted(access: Exclude<Access, 'anyone'>, role: string): boolean {
  return ROLES[access]?.has(role) ?? true
}

/**
 * Who calls: the token says who, the store says what they may now. A role or state in the token is
 * up to its lifetime old and is not used. Throws a Fault.
 */
export async function loadActor(
  { stores, verifier, settings, nowMs }: Pick<Parts, 'stores' | 'verifier' | 'settings' | 'nowMs'>,
  authorization: string | undefined,
  access: Exclude<Access, 'anyone'>,
): Promise<Actor | Refusal> {
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1]
  if (bearer === undefined) return refuse(401, 'jwt.decode_and_verify')
  const { issuer, audience } = settings
  const expectations = { issuer, audience, subject: 'session', nowMs: nowMs() } as const
  const verified = await verifier.verify(bearer, expectations)
  if (!verified.ok) {
    if (verified.problem === 'keys_unavailable') return refuse(503, 'server.unavailable')
    return refuse(401, 'jwt.decode_and_verify')
  }
  const { uid, sid } = verified.claims
  if (typeof uid !== 'string' || uid === '') return refuse(401, 'jwt.decode_and_verify')
  const user = await stores.users.findByUid(uid)
  if (user === undefined) return refuse(404, 'record.not_found')
  if (!isStateAccepted(user.state)) return refuse(401, 'authz.user_not_active')
  if (!isRoleAdmitted(access, user.role)) return refuse(401, 'admin.ability.not_permitted')
  if (sid === undefined) return { user, sessionHash: undefined }
  const sessionHash = await findSession(stores, uid, sid)
  // The token outlives a logout by up to its lifetime; what it stands for does not.
  if (sessionHash === undefined) return refuse(401, 'jwt.decode_and_verify')
  return { user, sessionHash }
}

/** The hash of the user's live session that a token calls `sid`. */
async function findSession(
  stores: Pick<Parts['stores'], 'sessions'>,
  uid: string,
  sid: unknown,
): Promise<string | undefined> {
  const listings = await stores.sessions.list(uid)
  return listings.find(({ session }) => sidOf(session.hash) === sid)?.session.hash
}
