import { isStateAccepted } from '../core/principal.ts'
import type { EndReason } from '../store/closings.ts'
import type { User, UserChange } from '../store/users.ts'
import { isRoleAdmitted } from './bearer.ts'
import { type Actor, done, type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { changeThen } from './recorded.ts'
import { userView } from './views.ts'

export interface Edit {
  readonly uid: string
  readonly change: Pick<UserChange, 'state' | 'role' | 'otp'>
  /** Who may make it; looked up again in the store when it is made. */
  readonly access: 'admin' | 'superadmin'
}

/** Runs one after the other, so that each sees what the one before it did. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

export function createInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    // A turn that fails is its caller's to hear of; the next one comes all the same.
    last = next.catch(() => undefined)
    return next
  }
}

function isUnchanged(user: User, change: Edit['change']): string | undefined {
  if (change.state === user.state) return 'admin.user.state_no_change'
  if (change.role === user.role) return 'admin.user.role_no_change'
  if (change.otp === user.otp) return 'admin.user.otp_no_change'
  return undefined
}

/** Whether the user would stop being a superadmin who can act. */
function isDemotion(user: User, { state, role }: Edit['change']): boolean {
  if (user.role !== 'superadmin') return false
  return (role ?? user.role) !== 'superadmin' || (state ?? user.state) !== 'active'
}

export async function isLastSuperadmin({ stores }: Parts, user: User): Promise<boolean> {
  if (user.state !== 'active') return false
  const query = { role: 'superadmin', state: 'active', page: 1, limit: 1 } as const
  const { total } = await stores.users.find({ ...query, orderBy: 'id', ordering: 'asc' })
  return total <= 1
}

/** The user whom the actor may touch now, or why not: the one ladder for all that admins do. */
export async function judgeTarget(
  { stores }: Parts,
  actor: Actor,
  uid: string,
  access: Edit['access'],
): Promise<User | Extract<Outcome, { kind: 'refusal' }>> {
  const acting = await stores.users.findByUid(actor.user.uid)
  if (acting === undefined || !isStateAccepted(acting.state)) {
    return refuse(401, 'admin.ability.not_permitted')
  }
  if (!isRoleAdmitted(access, acting.role)) return refuse(401, 'admin.ability.not_permitted')
  const user = await stores.users.findByUid(uid)
  if (user === undefined) return refuse(404, 'admin.user.doesnt_exist')
  if (user.role === 'superadmin' && acting.role !== 'superadmin') {
    return refuse(422, 'admin.user.superadmin_change')
  }
  return user
}

/** What those hear who hold connections of the sessions that this ends. */
function endReasonOf({ state, otp }: Edit['change']): EndReason {
  if (state !== undefined) return state === 'banned' ? 'ban' : 'state'
  return otp === undefined ? 'revoked' : 'second_factor'
}

/**
 * Changes a user for an administrator. A role, a state that may not pass or a lost second factor
 * ends every session of the user; any other change reaches the authorizer with the change itself.
 */
export async function editUser(parts: Parts, actor: Actor, edit: Edit): Promise<Outcome> {
  const { stores, log } = parts
  const { uid, change } = edit
  const user = await judgeTarget(parts, actor, uid, edit.access)
  if (!('uid' in user)) return user
  if (uid === actor.user.uid) return refuse(422, 'admin.user.update_himself')
  const unchanged = isUnchanged(user, change)
  if (unchanged !== undefined) return refuse(422, unchanged)
  if (isDemotion(user, change) && (await isLastSuperadmin(parts, user))) {
    return refuse(422, 'admin.user.superadmin_change')
  }
  const isHarmless = change.state !== undefined && isStateAccepted(change.state)
  const changed = await changeThen(
    () => stores.users.change(uid, change),
    async () => isHarmless || stores.sessions.endAll(uid, undefined, endReasonOf(change)),
  )
  if (changed === undefined) return refuse(404, 'admin.user.doesnt_exist')
  log.info({ event: 'user.changed', by: actor.user.uid, uid, ...change }, 'user changed')
  return done(userView(changed, await stores.users.labels(uid)))
}
