import type { Address } from './address.ts'
import type { Credential } from './credential.ts'
import type { Principal } from './principal.ts'
import type { Restriction } from './restriction.ts'

/** Where the facts of a credential came from. */
export type FactSource = 'none' | 'memory' | 'store'

/**
 * What was found on the way to one verdict, for those who look at it after the reply. Nothing is
 * decided by it, and nothing in it is a secret. Written as the corridor is walked.
 */
export interface Findings {
  /** The wall clock by which was judged; NaN where none was read. */
  atMs: number
  policyVersion: number
  /** What was presented; `none` also where nobody looked. */
  credential: Credential['kind']
  source: FactSource
  principal: Principal | undefined
  /** Hash of the session; empty where none was found. */
  sessionHash: string
  /** The public id of the API key that was presented; empty without one. */
  kid: string
  /** The restriction that spoke of this request: it refused, or its whitelist let pass. */
  restriction: Restriction | undefined
  /** What is to blame, in one word: a header, a caller, a fault. Empty where the reason says it. */
  about: string
  /** What a gateway said of a request that could not be read as a check. */
  told: Hearsay | undefined
}

/** A request as it was spelt, not believed to be well-formed. */
export interface Hearsay {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly address: Address
}

export function createFindings(): Findings {
  return {
    atMs: Number.NaN,
    policyVersion: 0,
    credential: 'none',
    source: 'none',
    principal: undefined,
    sessionHash: '',
    kid: '',
    restriction: undefined,
    about: '',
    told: undefined,
  }
}
