import type { Facts } from '../core/principal.ts'
import { createJti } from '../crypto/random.ts'
import type { Signer } from '../crypto/signer.ts'
import { buildClaims } from './claims.ts'

/** Signs a token for the upstream: the compact JWS, without `Bearer`. */
export function createMint(options: {
  readonly signer: Signer
  readonly issuer: string
  readonly lifetimeMs: number
  readonly audienceOf: (index: number) => readonly string[]
}): (facts: Facts, audienceIndex: number, nowMs: number) => string {
  const { signer, issuer, lifetimeMs, audienceOf } = options
  return function mint({ principal, session }, audienceIndex, nowMs) {
    const audience = audienceOf(audienceIndex)
    const jti = createJti()
    return signer.sign(
      buildClaims({ principal, session, audience, issuer, nowMs, ttlMs: lifetimeMs, jti }),
    )
  }
}
