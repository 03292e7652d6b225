import type { DialectName } from './check.ts'
import type { Trace } from './explain.ts'
import type { KeptDecision } from './kept.ts'
import type { SigningVersion } from './signed-request.ts'

/** As whom a request is explained. */
export type AskedAs =
  | { readonly kind: 'none' }
  | { readonly kind: 'uid'; readonly uid: string }
  | { readonly kind: 'kid'; readonly kid: string }
  /** The value of a session cookie: a secret, never said back. */
  | { readonly kind: 'cookie'; readonly value: string }

/** A request that somebody wonders about. What is undefined is chosen so that nothing fails. */
export interface WonderedRequest {
  readonly method: string
  /** With its query, if it has one. */
  readonly path: string
  readonly host: string
  readonly address: string | undefined
  readonly userAgent: string | undefined
  /** Undefined: that of the session; null: none was sent. */
  readonly csrfToken: string | null | undefined
  readonly as: AskedAs
  /** Of the signing protocol, where an API key is used. */
  readonly version: SigningVersion
  /** Names of further headers that the client sends. */
  readonly headers: readonly string[]
  /** Who asks the authorizer; undefined for a gateway that it trusts. */
  readonly gateway: string | undefined
  /** Undefined: the wording of each. */
  readonly dialect: DialectName | undefined
}

/** Why a request is, or would be, let pass or refused. */
export interface Explanation {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly host: string
    readonly address: string
    readonly as: string
  }
  /** What was taken for granted because it was not said. */
  readonly assumed: readonly string[]
  /** The decision that was asked about, as it was made; null if none was. */
  readonly decision: KeptDecision | null
  /** What it would be now. */
  readonly trace: Trace
  /** What today has different from the decision. */
  readonly differs: readonly string[]
  /** What to do about the refusal; empty where there is none. */
  readonly next: string
  /** The claims that a token would have; none is signed. */
  readonly token: Readonly<Record<string, unknown>> | null
  readonly answers: readonly WordedAnswer[]
  readonly worker: {
    readonly run: string
    readonly at: string
    readonly epoch: string | null
    readonly seq: number
    readonly leaseRemainingMs: number
    readonly policyVersion: number
  }
}

/** What one gateway would be told. */
export interface WordedAnswer {
  readonly dialect: DialectName
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}
