import type { IdentityDeps } from './deps.ts'
import type { Limits } from './limits.ts'
import type { Passwords } from './password.ts'
import type { Postbox } from './postbox.ts'
import type { Strength } from './strength.ts'

/** What endpoints work with: everything given to the process and everything built from it. */
export interface Parts extends IdentityDeps {
  readonly passwords: Passwords
  readonly strength: Strength
  readonly limits: Limits
  readonly postbox: Postbox
}
