import { sha256Base64url } from '../crypto/digest.ts'
import type { TokenPurpose, User, Users } from '../store/users.ts'
import { type Outcome, refuse } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { mintSecretId } from './secret-id.ts'

/** A new code for a letter; earlier ones of the same purpose are void. */
export async function issueCode(
  { stores, settings, nowMs, randomBytes }: Parts,
  purpose: TokenPurpose,
  uid: string,
): Promise<string> {
  const code = mintSecretId(randomBytes)
  await stores.tokens.issue({
    purpose,
    uid,
    hash: sha256Base64url(code),
    notAfterMs: nowMs() + settings.mailTokenLifetimeMs,
  })
  return code
}

const REFUSALS = {
  utilized: 'identity.user.utilized_token',
  expired: 'jwt.decode_and_verify.expired',
  unknown: 'jwt.decode_and_verify.segments',
} as const

/** The uid whose code this was, used up now; or why it is no good. */
export async function redeemCode(
  { stores }: Parts,
  purpose: TokenPurpose,
  code: string,
): Promise<{ readonly uid: string } | Extract<Outcome, { kind: 'refusal' }>> {
  const redeemed = await stores.tokens.redeem(purpose, sha256Base64url(code))
  if (redeemed.outcome === 'redeemed') return { uid: redeemed.uid }
  return refuse(422, REFUSALS[redeemed.outcome])
}

/** Someone who read our letter has the address: a pending user becomes an active one. */
export async function recordEmailProof(users: Users, user: User): Promise<User | undefined> {
  await users.putLabel(user.uid, { key: 'email', value: 'verified', scope: 'private' })
  return users.change(user.uid, { state: 'active', level: Math.max(user.level, 1) })
}
