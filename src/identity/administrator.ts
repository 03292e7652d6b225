import type { IdentityStores } from '../store/stores.ts'
import type { User } from '../store/users.ts'
import { parseEmail } from './email.ts'
import type { Passwords } from './password.ts'
import { mintUid } from './secret-id.ts'

/**
 * The first administrator: an active superadmin with a confirmed address. For whoever runs the
 * process; nobody becomes one by signing up. Undefined if the address is malformed; a Fault
 * `store_conflict` if it is taken.
 */
export async function createAdministrator(deps: {
  stores: Pick<IdentityStores, 'users'>
  passwords: Pick<Passwords, 'digest'>
  randomBytes(count: number): Uint8Array
  email: string
  password: string
}): Promise<User | undefined> {
  const { stores, passwords, randomBytes } = deps
  const email = parseEmail(deps.email)
  if (email === undefined) return undefined
  const user = await stores.users.create({
    uid: mintUid(randomBytes),
    username: null,
    email,
    passwordDigest: await passwords.digest(deps.password),
    role: 'superadmin',
    level: 1,
    state: 'active',
    referralId: null,
    data: null,
  })
  await stores.users.putLabel(user.uid, { key: 'email', value: 'verified', scope: 'private' })
  return user
}
