import { type Lifetime, lifetimeOf } from '../crypto/lifetime.ts'
import { createJti } from '../crypto/random.ts'
import type { Signer } from '../crypto/signer.ts'
import { type Bearer, ownClaimsOf, sharedClaimsOf } from './claims.ts'

/** Whom tokens are for, again and again. */
export interface Holder extends Bearer {
  /** What they say of it behind their own id, where that is worth keeping. */
  said?: string | undefined
}

/** `Bearer` and a token for the upstream, as its bytes. Rejects if it cannot be signed. */
export type Mint = (
  bearer: Holder,
  audience: readonly string[],
  nowMs: number,
) => Promise<Uint8Array>

/** The JSON that the claims of every token of one lifetime and audience begin with. */
interface Beginning extends Lifetime {
  readonly text: string
}

/** How the claims of one holder begin before its token has an id. */
const WITHOUT_ID = '{"jti":""'

export function createMint(options: {
  readonly signer: Pick<Signer, 'signSoon'>
  readonly issuer: string
  readonly lifetimeMs: number
  /** Whether a token is minted for each answer: then what it says of its holder is kept. */
  readonly isForEach: boolean
}): Mint {
  const { signer, issuer, lifetimeMs, isForEach } = options
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

  function saidOf(bearer: Holder): string {
    if (bearer.said !== undefined) return bearer.said
    const said = JSON.stringify(ownClaimsOf(bearer, '')).slice(WITHOUT_ID.length)
    if (isForEach) bearer.said = said
    return said
  }

  return function mint(bearer, audience, nowMs) {
    const { endsAtMs } = bearer.session
    const lifetime = lifetimeOf({ nowMs, ttlMs: lifetimeMs, endsAtMs })
    return signer.signSoon({
      shared: beginningOf(audience, lifetime),
      // Hexadecimal digits stand in JSON as they are.
      own: `"jti":"${createJti()}"${saidOf(bearer)}`,
    })
  }
}
