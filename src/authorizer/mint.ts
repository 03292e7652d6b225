import type { Facts } from '../core/principal.ts'
import { createJti } from '../crypto/random.ts'
import type { Signer } from '../crypto/signer.ts'
import { buildClaims } from './claims.ts'

/** Signs a token for the upstream: the compact JWS, without `Bearer`. */
export function createMint(options: {
  readonly signer: Signer
  readonly issuer: string
  readonly lifetimeMs: number
}): (facts: Facts, audience: readonly string[], nowMs: number) => string {
  const { signer, issuer, lifetimeMs } = options
  return function mint({ principal, session }, audience, nowMs) {
    const jti = createJti()
    return signer.sign(
      buildClaims({ principal, session, audience, issuer, nowMs, ttlMs: lifetimeMs, jti }),
    )
  }
}
