import { createHash } from 'node:crypto'
import type { Claims, Person, World } from './world.ts'

/** The claims of a token made now, without `jti`. */
export function claimsOf(
  world: World,
  person: Person,
  bearer: { readonly endsAtMs: number; readonly sessionId: string | undefined },
  audience: readonly string[],
  nowMs: number,
): Claims {
  const endsAtMs = Math.min(nowMs + world.tokenTtlMs, bearer.endsAtMs)
  const { sessionId } = bearer
  const isUser = person.kind === 'user'
  const claims: { [name: string]: Claims[string] } = {
    iat: Math.floor(nowMs / 1000),
    exp: Math.floor(endsAtMs / 1000),
    sub: 'session',
    iss: world.issuer,
    aud: audience,
    uid: person.uid,
  }
  if (isUser) claims.username = person.username
  claims.email = person.email
  claims.role = person.role
  claims.level = person.level
  claims.state = person.state
  if (isUser) claims.referral_id = person.referralId
  if (sessionId !== undefined) claims.sid = sidOf(sessionId)
  return claims
}

/** The last one that was asked for: the next is often the same. */
let last = { sessionId: '', sid: '' }

function sidOf(sessionId: string): string {
  if (last.sessionId !== sessionId) {
    last = { sessionId, sid: digest(`dvara sid ${digest(sessionId)}`) }
  }
  return last.sid
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
