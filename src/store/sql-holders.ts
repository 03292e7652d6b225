import type { Queryable } from './database.ts'
import type { Change, Outbox } from './outbox.ts'

// What an owner loses, the accounts that act for that owner lose too.
const FOLLOW_OWNER = `
  update service_accounts s set state = u.state, version = s.version + 1, updated_at = now()
  from users u
  where u.uid = $1 and s.owner_uid = u.uid and u.state <> 'active' and s.state <> u.state
  returning s.uid`
const QUENCH_OF_USER = `
  update api_keys k set state = 'inactive', version = k.version + 1, updated_at = now()
  from users u
  where u.uid = $1 and (u.state <> 'active' or not u.otp) and k.state = 'active'
    and (k.user_uid = u.uid
      or k.service_uid in (select s.uid from service_accounts s where s.owner_uid = u.uid))
  returning k.uid`
const QUENCH_OF_SERVICE = `
  update api_keys k set state = 'inactive', version = k.version + 1, updated_at = now()
  from service_accounts s
  where s.uid = $1 and s.state <> 'active' and k.service_uid = s.uid and k.state = 'active'
  returning k.uid`
const FORGET_SECOND_FACTOR = 'delete from second_factors where uid = $1'
const FORGET_LABEL = `
  delete from labels l using users u
  where u.uid = $1 and l.user_id = u.id and l.key = 'otp' and l.scope = 'private'`

/**
 * To be called in the transaction that changed a user, behind the change: keys that may no
 * longer work become inactive, here and with the user's service accounts, and what authorizers
 * must hear is noted. Returns the numbers to publish, the user's first.
 */
export async function recordUserChange(
  transaction: Queryable,
  outbox: Outbox,
  change: Omit<Change, 'scope' | 'subject'> & { readonly uid: string },
): Promise<readonly number[]> {
  const { uid, ...rest } = change
  const followed = await transaction.query<{ uid: string }>(FOLLOW_OWNER, [uid])
  const quenched = await transaction.query<{ uid: string }>(QUENCH_OF_USER, [uid])
  const touched = new Set([...followed, ...quenched].map((row) => row.uid))
  touched.delete(uid)
  const owed = [await outbox.record(transaction, { ...rest, scope: 'user', subject: uid })]
  for (const one of touched) {
    owed.push(await outbox.record(transaction, { scope: 'user', subject: one }))
  }
  return owed
}

/** The same for a service account. */
export async function recordServiceChange(
  transaction: Queryable,
  outbox: Outbox,
  uid: string,
): Promise<readonly number[]> {
  await transaction.query(QUENCH_OF_SERVICE, [uid])
  return [await outbox.record(transaction, { scope: 'user', subject: uid })]
}

/** For a user whose second factor is switched off, whoever does it. */
export async function forgetSecondFactor(transaction: Queryable, uid: string): Promise<void> {
  await transaction.query(FORGET_SECOND_FACTOR, [uid])
  await transaction.query(FORGET_LABEL, [uid])
}

/** After the commit; what could not be brought into force stays owed. */
export function publishAll(outbox: Outbox, owed: readonly number[]): Promise<void> {
  return outbox.publish(...owed)
}
