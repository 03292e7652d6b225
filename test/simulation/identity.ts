import { createAcknowledger } from '../../src/store/acknowledge.ts'
import type { ApiKeys } from '../../src/store/api-keys.ts'
import type { Database } from '../../src/store/database.ts'
import { createKeeper } from '../../src/store/keeper.ts'
import { createOutbox } from '../../src/store/outbox.ts'
import type { Policies } from '../../src/store/policies.ts'
import { createReceipts } from '../../src/store/receipts.ts'
import { createSecondLeases } from '../../src/store/second-leases.ts'
import type { Sessions } from '../../src/store/sessions.ts'
import { createApiKeys } from '../../src/store/sql-api-keys.ts'
import { createPolicies } from '../../src/store/sql-policies.ts'
import { createSessions } from '../../src/store/sql-sessions.ts'
import { createUsers } from '../../src/store/sql-users.ts'
import type { Users } from '../../src/store/users.ts'
import type { Link } from './link.ts'
import type { Machine } from './machine.ts'
import type { Variation } from './variation.ts'

/** One process of the identity API: its stores, and what it looks after in between. */
export interface Identity {
  readonly name: string
  readonly machine: Machine
  readonly link: Link
  readonly sessions: Sessions
  readonly users: Users
  readonly apiKeys: ApiKeys
  readonly policies: Policies
}

export interface IdentityTimes {
  readonly leaseMs: number
  readonly fenceMs: number
  readonly retryMs: number
}

/** As in the product: sooner again after anything went wrong. */
const KEEP_EVERY_MS = 500
const KEEP_AGAIN_MS = 100

export function startIdentity(deps: {
  readonly machine: Machine
  readonly link: Link
  readonly database: Database
  readonly times: IdentityTimes
  readonly variation: Variation
}): Identity {
  const { machine, link, database, variation } = deps
  const { clock } = machine
  const { board } = link
  const times = variation.times?.(deps.times) ?? deps.times
  const waiting = {
    board: variation.waiterBoard?.(board) ?? board,
    ...{ clock, ...times, onFault: () => undefined },
    ...(variation.isSecondUnheeded ? {} : { seconds: createSecondLeases(database) }),
  }
  const real = createAcknowledger(waiting)
  const acknowledger = variation.acknowledger?.(real, machine) ?? real
  const outbox = createOutbox({
    database,
    board: variation.outboxBoard?.(board) ?? board,
    acknowledger,
    receipts: createReceipts(),
  })
  const { nowMs } = clock
  const keeper = createKeeper({
    board: variation.keeperBoard?.(board) ?? board,
    ...{ database, outbox, clock, fenceMs: times.fenceMs },
  })
  const pruner = variation.isPruningByWall
    ? createAcknowledger({ ...waiting, clock: { ...clock, monotonicMs: nowMs } })
    : acknowledger

  async function keep(): Promise<void> {
    let afterMs = KEEP_EVERY_MS
    try {
      await keeper.seal()
      await keeper.reconcile()
      await pruner.lookAround()
    } catch {
      afterMs = KEEP_AGAIN_MS
    }
    clock.setTimer(afterMs, () => void keep())
  }
  void acknowledger.start()
  void keep()
  const joined = { database, board, outbox, nowMs }
  return {
    name: machine.name,
    ...{ machine, link },
    sessions: createSessions(joined),
    users: createUsers(database, outbox),
    apiKeys: createApiKeys(joined),
    policies: createPolicies(database, outbox),
  }
}
