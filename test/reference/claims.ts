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
  return {
    iat: Math.floor(nowMs / 1000),
    exp: Math.floor(endsAtMs / 1000),
    sub: 'session',
    iss: world.issuer,
    aud: audience,
    uid: person.uid,
    ...(isUser ? { username: person.username } : {}),
    email: person.email,
    role: person.role,
    level: person.level,
    state: person.state,
    ...(isUser ? { referral_id: person.referralId } : {}),
    ...(sessionId === undefined ? {} : { sid: sidOf(sessionId) }),
  }
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
