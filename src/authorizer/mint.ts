import type { Principal } from '../core/principal.ts'
import { createJti } from '../crypto/random.ts'
import type { Signer } from '../crypto/signer.ts'
import { buildClaims } from './claims.ts'

/** Whom a token speaks of, and until when. Facts of a session are such. */
export interface Bearer {
  readonly principal: Principal
  readonly session: {
    /** Undefined where there is no session: an API key was used. */
    readonly hash: string | undefined
    /** Infinite where no end is known. */
    readonly endsAtMs: number
  }
}

/** `Bearer` and a token for the upstream, as its bytes. Rejects if it cannot be signed. */
export type Mint = (
  bearer: Bearer,
  audience: readonly string[],
  nowMs: number,
) => Promise<Uint8Array>

export function createMint(options: {
  readonly signer: Pick<Signer, 'signSoon'>
  readonly issuer: string
  readonly lifetimeMs: number
}): Mint {
  const { signer, issuer, lifetimeMs } = options
  return function mint({ principal, session }, audience, nowMs) {
    const jti = createJti()
    const claims = buildClaims({
      ...{ principal, session, audience, issuer, nowMs, ttlMs: lifetimeMs, jti },
    })
    return signer.signSoon(JSON.stringify(claims))
  }
}
