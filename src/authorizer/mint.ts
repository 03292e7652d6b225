import { type Lifetime, lifetimeOf } from '../crypto/lifetime.ts'
import { createJti } from '../crypto/random.ts'
import type { Signer } from '../crypto/signer.ts'
import { type Bearer, ownClaimsOf, sharedClaimsOf } from './claims.ts'

/** `Bearer` and a token for the upstream, as its bytes. Rejects if it cannot be signed. */
export type Mint = (
  bearer: Bearer,
  audience: readonly string[],
  nowMs: number,
) => Promise<Uint8Array>

/** The JSON that the claims of every token of one lifetime and audience begin with. */
interface Beginning extends Lifetime {
  readonly text: string
}

export function createMint(options: {
  readonly signer: Pick<Signer, 'signSoon'>
  readonly issuer: string
  readonly lifetimeMs: number
}): Mint {
  const { signer, issuer, lifetimeMs } = options
  // By identity: a policy read anew brings new lists, and the old ones are collected.
  const beginnings = new WeakMap<readonly string[], Beginning>()

  function beginningOf(audience: readonly string[], lifetime: Lifetime): string {
    const known = beginnings.get(audience)
    const { issuedAtS, expiresAtS } = lifetime
    if (known?.issuedAtS === issuedAtS && known.expiresAtS === expiresAtS) return known.text
    const claims = JSON.stringify(sharedClaimsOf(audience, issuer, lifetime))
    const text = `${claims.slice(0, -1)},`
    beginnings.set(audience, { ...lifetime, text })
    return text
  }

  return function mint(bearer, audience, nowMs) {
    const { endsAtMs } = bearer.session
    const lifetime = lifetimeOf({ nowMs, ttlMs: lifetimeMs, endsAtMs })
    return signer.signSoon({
      shared: beginningOf(audience, lifetime),
      own: JSON.stringify(ownClaimsOf(bearer, createJti())).slice(1),
    })
  }
}
