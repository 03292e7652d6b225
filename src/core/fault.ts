/** What can fail that is not the caller's doing. Closed: add a code here or throw none. */
export type FaultCode =
  | 'store_unavailable'
  | 'store_timeout'
  | 'store_garbage'
  | 'store_unsealed'
  | 'store_conflict'
  | 'store_rejected'
  /** Committed, and it comes into force by itself, but nobody may be told that it is. */
  | 'not_in_force'
  | 'load_overflow'
  | 'signer_failed'

/** A dependency failed. Clients hear 403 `authz.unavailable`; the log tells operators why. */
export class Fault extends Error {
  readonly code: FaultCode

  constructor(code: FaultCode, options?: { cause?: unknown; about?: string }) {
    super(options?.about === undefined ? code : `${code}: ${options.about}`, {
      cause: options?.cause,
    })
    this.name = 'Fault'
    this.code = code
  }
}
