import type { Dependencies } from '../../src/authorizer/authorize.ts'
import type { Lease } from '../../src/cache/lease.ts'
import type { Ring } from '../../src/cache/ring.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Authorize } from '../../src/core/verdict.ts'
import type { Acknowledger, AcknowledgeTimes } from '../../src/store/acknowledge.ts'
import type { Board } from '../../src/store/board.ts'
import type { SecondLeases } from '../../src/store/second-leases.ts'
import type { BoardLimits } from './board-state.ts'
import type { Machine } from './machine.ts'

/**
 * What is put in the place of a part that the product is given. Without any, a history runs the
 * product as it is; each of the mutants changes one.
 */
export interface Variation {
  readonly lease?: (lease: Lease, machine: Machine) => Lease
  readonly ring?: (ring: Ring) => Ring
  /** The board as one authorizer sees it. */
  readonly workerBoard?: (board: Board, machine: Machine) => Board
  /** What one authorizer takes for the time. */
  readonly clock?: (machine: Machine) => Clock
  readonly corridor?: (corridor: Authorize, deps: Dependencies) => Authorize
  readonly acknowledger?: (real: Acknowledger, machine: Machine) => Acknowledger
  /** The board as the one who waits for authorizers sees it. */
  readonly waiterBoard?: (board: Board) => Board
  /** The clock of the one who takes authorizers off the list. */
  readonly isPruningByWall?: boolean
  /** Whether nobody waits for those who go on without Redis. */
  readonly isSecondUnheeded?: boolean
  /** Whether a supervisor takes a process that does not answer for one that has ended. */
  readonly isStopTakenForDeath?: boolean
  readonly times?: (times: AcknowledgeTimes) => AcknowledgeTimes
  /** The board as the one who re-fills it sees it. */
  readonly keeperBoard?: (board: Board) => Board
  /** The board on which changes are put. */
  readonly outboxBoard?: (board: Board) => Board
  /** Postgres as the source of belief of those who go on without Redis. */
  readonly secondLeases?: (real: SecondLeases) => SecondLeases
  readonly limits?: (limits: BoardLimits) => BoardLimits
}
