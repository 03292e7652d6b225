import type { Line } from '../gateway/spellings.ts'

/** Somebody asks for something, through every gateway. */
export interface Attempt {
  /** Whose session is presented: nobody's, a member's, an administrator's. */
  readonly as: 'guest' | 'member' | 'admin'
  readonly target: string
  readonly method?: string
  readonly host?: string
  readonly client?: string
  /** Beside the cookie and the User-Agent of whoever asks. */
  readonly lines?: readonly Line[]
  /** Whether the cookie and the User-Agent of `as` are left out. */
  readonly isBare?: boolean
  /** Milliseconds after the world's beginning. */
  readonly afterMs?: number
  /** A reason, `deny` for any reason with 401 or 403, `anyone` or `allow`. */
  readonly expect: string
}

/** A numbered attack and how it is known to fail here. */
export type Row = { readonly no: number; readonly name: string } & (
  | { readonly attempts: readonly Attempt[] }
  /** Sentences of tests elsewhere, each in the file that is named. */
  | { readonly proofs: readonly Proof[] }
  /** Why it concerns nothing that is here. */
  | { readonly absent: string }
)

export type Proof = readonly [file: string, sentence: string]

/** Each of the targets, as each of those who ask. */
export function each(
  targets: readonly string[],
  expect: string,
  who: readonly Attempt['as'][] = ['guest', 'member', 'admin'],
): Attempt[] {
  return targets.flatMap((target) => who.map((as) => ({ as, target, expect })))
}
