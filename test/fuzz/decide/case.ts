import type { DialectName } from '../../../src/core/check.ts'
import type { Request, World } from '../../reference/world.ts'
import type { Input } from '../target.ts'

/** A request, and the gateway through which it is asked. */
export interface Question extends Request {
  readonly dialect: DialectName
}

/** One world and what is asked in it, in this order: use slides sessions. */
export interface DecideCase extends Input {
  readonly world: World & Input
  readonly questions: readonly (Question & Input)[]
}
