/** One-time codes of a user (RFC 6238) as Postgres keeps them: never the secret in clear. */
export interface SecondFactor {
  /** Sealed by crypto/envelope.ts. */
  readonly secret: Uint8Array
  readonly isEnabled: boolean
}

/** A code that was right: whose, by which sealed secret, and the 30-second step it is of. */
export interface StepClaim {
  readonly uid: string
  readonly secret: Uint8Array
  readonly step: number
}

/**
 * A step counts once: of all that claim it, in whatever process, one hears true. It is false too
 * for a step older than one that was used, and if the secret is not the user's any more.
 */
export interface SecondFactors {
  find(uid: string): Promise<SecondFactor | undefined>
  /** Replaces a secret that was never enabled; false if one is. */
  enrol(uid: string, secret: Uint8Array): Promise<boolean>
  /**
   * Uses the step and switches the second factor on, ending all sessions but `exceptHash`, in
   * one transaction; in force when it returns.
   */
  enable(claim: StepClaim, exceptHash: string | undefined): Promise<boolean>
  /** Only while it is enabled. */
  use(claim: StepClaim): Promise<boolean>
  /**
   * Uses the step and switches it off; keys of the user and of the user's service accounts
   * become inactive in the same transaction.
   */
  disable(claim: StepClaim): Promise<boolean>
}
