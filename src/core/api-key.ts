import type { Principal } from './principal.ts'

export const KEY_ALGORITHMS = ['HS256', 'EdDSA', 'ES256', 'RS256'] as const
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** An API key as authorizers know it: never a secret in clear. */
export interface ApiKey {
  readonly kid: string
  /** uid of the user or service account whose role counts. */
  readonly uid: string
  readonly algorithm: KeyAlgorithm
  /** HS256: the secret sealed by crypto/envelope.ts. Else: SPKI DER of the public key. */
  readonly material: Uint8Array
  /** Whether requests of protocol version 1 (Barong's) are accepted with it. */
  readonly isV1Accepted: boolean
  /** Empty: all that the role may do. Else `VERB /path/prefix`, or `/path/prefix` for any verb. */
  readonly scopes: readonly string[]
  /** CIDRs it may be used from; empty: anywhere. */
  readonly networks: readonly string[]
  /** Only `active` passes. */
  readonly state: string
  readonly expiresAtMs: number | undefined
  /** Undefined: the default of the settings. */
  readonly rate: KeyRate | undefined
  /** Grows with every change. */
  readonly version: number
}

/** Whole numbers: requests a second, and how many at once. */
export interface KeyRate {
  readonly perSecond: number
  readonly burst: number
}

/** What was found about an API key. */
export interface KeyFacts {
  readonly key: ApiKey
  readonly principal: Principal
}
