import type { Signer } from './signer.ts'

/** What a bearer token is minted for. */
export interface MintRequest<Owner extends object> {
  /** Whose token: it is remembered as long as this very object lives. */
  readonly owner: Owner
  /** Compared by identity: a policy read anew brings new lists, and with them new tokens. */
  readonly audience: readonly string[]
  readonly nowMs: number
}

/** From when to when a token is good, in whole seconds of the epoch. */
export interface Lifetime {
  readonly issuedAtS: number
  readonly expiresAtS: number
}

interface Remembered {
  readonly bearer: string
  readonly audience: readonly string[]
  readonly kid: string
  readonly version: number
  readonly mintedAtMs: number
  readonly freshUntilMs: number
}

/** Audiences remembered per owner; beyond them the oldest is minted again. */
export const AUDIENCES_MAX = 8

/**
 * Mints bearer tokens, and hands out the same one again for the same owner, audience, version and
 * signing key until half its life is over, so that what an upstream gets is never nearly dead. What
 * is remembered hangs on the owner alone: forget the owner, and its tokens are gone with it.
 */
export function createMint<Owner extends object>(options: {
  signer: Signer
  ttlMs: number
  /** `false` signs every time. */
  isReused: boolean
  /** Grows when what the claims say of the owner changes. */
  versionOf(owner: Owner): number
  /** No token outlives this instant. */
  endsAtMs(owner: Owner): number
  claimsOf(request: MintRequest<Owner>): string | object
}): (request: MintRequest<Owner>) => string {
  const { signer, ttlMs, isReused, versionOf, endsAtMs, claimsOf } = options
  const memory = new WeakMap<Owner, Remembered[]>()

  function sign(request: MintRequest<Owner>): Remembered {
    const { owner, audience, nowMs } = request
    const { expiresAtS } = lifetimeOf({ nowMs, ttlMs, endsAtMs: endsAtMs(owner) })
    // Half of what is left of it now, which is less than half of what it was cut from.
    const leftMs = expiresAtS * 1000 - nowMs
    return {
      bearer: signer.sign(claimsOf(request)),
      audience,
      kid: signer.kid(),
      version: versionOf(owner),
      mintedAtMs: nowMs,
      freshUntilMs: nowMs + leftMs / 2,
    }
  }

  return function mint(request) {
    if (!isReused) return sign(request).bearer
    const { owner, audience, nowMs } = request
    const known = memory.get(owner)
    if (known !== undefined) {
      for (const token of known) {
        if (token.audience !== audience) continue
        if (isGood(token, signer.kid(), versionOf(owner), nowMs)) return token.bearer
      }
    }
    const token = sign(request)
    const others = known?.filter((one) => one.audience !== audience) ?? []
    if (others.length === AUDIENCES_MAX) others.shift()
    others.push(token)
    memory.set(owner, others)
    return token.bearer
  }
}

/** A clock that went back makes a token new again, so it must not be earlier than the minting. */
function isGood(token: Remembered, kid: string, version: number, nowMs: number): boolean {
  return (
    token.kid === kid &&
    token.version === version &&
    nowMs >= token.mintedAtMs &&
    nowMs < token.freshUntilMs
  )
}

/**
 * The whole seconds (RFC 7519 §2, NumericDate) of a token minted now: rounded down at both ends, so
 * that it neither begins in the future nor ends after its owner. In an owner's last second the token
 * is over when it is minted, and every verifier says so.
 */
export function lifetimeOf(at: { nowMs: number; ttlMs: number; endsAtMs: number }): Lifetime {
  return {
    issuedAtS: Math.floor(at.nowMs / 1000),
    expiresAtS: Math.floor(Math.min(at.endsAtMs, at.nowMs + at.ttlMs) / 1000),
  }
}
