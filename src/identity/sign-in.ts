import { sha256Base64url } from '../crypto/digest.ts'
import type { Client } from './client.ts'
import type { Parts } from './parts.ts'
import { mintCsrfToken, mintSecretId } from './secret-id.ts'

export interface Opened {
  /** The sealed secret id, for the cookie alone. */
  readonly sessionId: string
  readonly csrfToken: string
}

/** The hashes under which the presented cookies may be known; a forged one is asked of nobody. */
export function presentedHashes(
  { cookieRing }: Pick<Parts, 'cookieRing'>,
  client: Client,
): readonly string[] {
  return client.sessionIds.filter(cookieRing.isSealed).map(sha256Base64url)
}

/**
 * A session with a fresh id, whatever the caller presented: what it presented is over, so that
 * nobody can plant an id beforehand. `generation` must have been read before the login was
 * judged; if the user's has moved on since, the store refuses with `store_conflict`.
 */
export async function openSession(
  parts: Parts,
  login: { readonly uid: string; readonly generation: number; readonly client: Client },
): Promise<Opened> {
  const { stores, cookieRing, settings, nowMs, randomBytes } = parts
  const { uid, generation, client } = login
  for (const hash of presentedHashes(parts, client)) await stores.sessions.end(hash, 'replaced')
  const others = await stores.sessions.list(uid)
  for (const oldest of others.slice(settings.sessionsPerUserMax - 1)) {
    await stores.sessions.end(oldest.session.hash, 'replaced')
  }
  const sessionId = cookieRing.seal(mintSecretId(randomBytes))
  const csrfToken = mintCsrfToken(randomBytes)
  const createdAtMs = nowMs()
  const endsAtMs = createdAtMs + settings.sessionLifetimeMs
  const session = {
    hash: sha256Base64url(sessionId),
    uid,
    csrfToken,
    userAgent: client.userAgent,
    address: client.address,
    createdAtMs,
    endsAtMs,
    generation,
  }
  await stores.sessions.open(session, Math.min(createdAtMs + settings.sessionIdleMs, endsAtMs))
  parts.log.info({ event: 'session.opened', uid, address: client.address.text }, 'signed in')
  return { sessionId, csrfToken }
}
