/** One-time codes of a user (RFC 6238) as Postgres keeps them: never the secret in clear. */
export interface SecondFactor {
  /** Sealed by crypto/envelope.ts. */
  readonly secret: Uint8Array
  readonly isEnabled: boolean
}

/** Every step counts once: whoever uses it first, in whatever process, is the only one. */
export interface SecondFactors {
  find(uid: string): Promise<SecondFactor | undefined>
  /** Replaces a secret that was never enabled; false if one is. */
  enrol(uid: string, secret: Uint8Array): Promise<boolean>
  /**
   * Uses the step and switches the second factor on, ending all sessions but `exceptHash`; the
   * secret must still be the one that was judged. In force when it returns; false if it is not.
   */
  enable(claim: {
    readonly uid: string
    readonly secret: Uint8Array
    readonly step: number
    readonly exceptHash: string | undefined
  }): Promise<boolean>
  /** True for the first to use this step or a later one; only while enabled. */
  use(uid: string, step: number): Promise<boolean>
  /** Uses the step and switches it off with all keys that depend on it, in one transaction. */
  disable(uid: string, step: number): Promise<boolean>
}
