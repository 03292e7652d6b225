import type { NewApiKey } from '../../src/store/api-keys.ts'
import type { IdentityStores } from '../../src/store/stores.ts'
import { createMember, unique } from './worlds.ts'

/** A member with a second factor, so that keys may be active. */
export async function createHolder(identity: IdentityStores): Promise<string> {
  const uid = await createMember(identity)
  await identity.users.change(uid, { otp: true })
  return uid
}

/** An active service account of this owner. */
export async function createAccount(identity: IdentityStores, ownerUid: string | null) {
  const uid = unique('SI')
  await identity.serviceAccounts.create({
    ...{ uid, email: `${uid}@example.com`, role: 'service', level: 2, state: 'active', ownerUid },
  })
  return uid
}

export function keyFor(uid: string, change: Partial<NewApiKey> = {}): NewApiKey {
  return {
    ...{ kid: unique('kid-'), uid, algorithm: 'HS256', material: new Uint8Array([1, 2, 3]) },
    ...{ isV1Accepted: true, scopes: ['/api', 'GET /x'], networks: ['10.0.0.0/8'] },
    ...{ expiresAtMs: undefined, rate: undefined },
    ...change,
  }
}

/** A key of this holder that works. */
export async function createKey(
  identity: IdentityStores,
  uid: string,
  change: Partial<NewApiKey> = {},
): Promise<string> {
  const key = keyFor(uid, change)
  const made = await identity.apiKeys.create(key)
  if (made.outcome !== 'done') throw new Error(`no key: ${made.outcome}`)
  return key.kid
}
