import { CALLERS } from './callers.ts'
import { CORRIDOR } from './corridor.ts'
import { DECISIONS } from './decisions.ts'
import { DOORS } from './doors.ts'
import { MEMORY } from './memory.ts'
import type { Mutation } from './mutation.ts'
import { PROOFS } from './proofs.ts'

/** What `npm run mutants` tries. */
export const MUTATIONS: readonly Mutation[] = [
  ...DECISIONS,
  ...CALLERS,
  ...CORRIDOR,
  ...MEMORY,
  ...PROOFS,
  ...DOORS,
]
