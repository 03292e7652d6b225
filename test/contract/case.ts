import type { Proof } from '../attacks/row.ts'
import type { Line } from '../gateway/spellings.ts'
import type { ActivityRow, World } from '../reference/world.ts'

/** One request of a case, and what Barong 2 answers to it. */
export interface Step {
  readonly method?: string
  readonly path?: string
  readonly client?: string
  /** Null sends no User-Agent. */
  readonly agent?: string | null
  /** Without the session's cookie. */
  readonly isGuest?: boolean
  readonly lines?: readonly Line[]
  /** With the three headers of an API key, signed now unless told otherwise. */
  readonly signed?: Signed
  /** Milliseconds after the world's beginning. */
  readonly afterMs?: number
  /** `allow`, `anyone`, or the public code of a refusal. */
  readonly expect: string
  /** Where it is not 200, or 401. */
  readonly status?: number
  /** What is written down; null for nothing. */
  readonly activity?: Partial<ActivityRow> | null
}

export interface Signed {
  readonly nonce?: string
  readonly signature?: string
  /** Headers that are left out. */
  readonly without?: readonly string[]
}

/** A numbered case of the reference behaviour of Barong 2, and how it is known to hold here. */
export interface Case {
  readonly no: number
  readonly name: string
  /** What is changed in the world that all cases begin with. */
  readonly world?: Partial<World>
  /** Asked in this order, through every gateway. */
  readonly steps?: readonly Step[]
  /** Sentences of tests elsewhere, each in the file that is named. */
  readonly proofs?: readonly Proof[]
  /** Why the answer here is meant to be another one; the steps say which. */
  readonly differs?: string
  /** Why there is nothing here that the case could be about. */
  readonly absent?: string
}
