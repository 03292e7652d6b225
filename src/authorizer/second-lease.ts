import { applyInvalidation, type Remembered } from '../cache/apply.ts'
import type { Lease } from '../cache/lease.ts'
import type { Clock } from '../core/clock.ts'
import type { Invalidation } from '../core/invalidation.ts'
import { nameOfTurn, type SecondLeases } from '../store/second-leases.ts'

/** Goes on without Redis, for what is remembered: Postgres says what has changed. */
export interface SecondLease {
  /** While it is on nothing that Redis says is remembered: Postgres may know better. */
  isOn(): boolean
  /** Asks Postgres, shared by all who ask at once, and waits for it so long. Never rejects. */
  beat(waitMs: number): Promise<void>
  /** Redis has been heard of by a question that was sent after the last answer from Postgres. */
  end(): Promise<void>
}

export interface SecondLeaseOptions {
  readonly worker: string
  readonly source: SecondLeases
  readonly lease: Lease
  readonly remembered: Remembered
  readonly clock: Clock
  readonly appliedSeq: () => number
  readonly onApplied?: (message: Invalidation) => void
  readonly onFault: (fault: unknown) => void
}

export function createSecondLease(options: SecondLeaseOptions): SecondLease {
  const { worker, source, lease, remembered, clock, appliedSeq, onFault } = options
  let turns = 0
  let name: string | undefined
  let isListed = false
  let asking: Promise<void> | undefined
  /** Changes that were applied in this turn: nothing is remembered in between that they name. */
  const told = new Set<number>()

  async function ask(own: string): Promise<void> {
    if (!isListed) {
      await source.enter(own)
      if (own !== name) return
      isListed = true
    }
    const sentAtMs = clock.monotonicMs()
    const wallAtMs = clock.nowMs()
    if (!lease.isSound(sentAtMs, wallAtMs)) lease.drop()
    const changes = await source.ask(own, appliedSeq())
    if (own !== name) return
    if (changes === undefined) return begin()
    for (const { id, scope, subject } of changes) {
      if (told.has(id)) continue
      told.add(id)
      const message = { seq: appliedSeq(), scope, id: subject }
      applyInvalidation(remembered, message)
      options.onApplied?.(message)
    }
    lease.grant(sentAtMs, wallAtMs)
  }

  /** Under a fresh name: words of an earlier turn that are on their way mean nothing to it. */
  function begin(): void {
    name = nameOfTurn(worker, ++turns)
    isListed = false
    told.clear()
  }

  return {
    isOn: () => name !== undefined,
    async beat(waitMs) {
      if (name === undefined) begin()
      asking ??= ask(name as string)
        .catch(onFault)
        .finally(() => {
          asking = undefined
        })
      let stop = (): void => undefined
      const late = new Promise<void>((resolve) => {
        stop = clock.setTimer(waitMs, resolve)
      })
      await Promise.race([asking, late]).finally(() => stop())
    },
    async end() {
      if (name === undefined) return
      const left = name
      name = undefined
      // If this fails whoever waits for changes waits longer, until the name is struck off.
      await source.leave(left).catch(onFault)
    },
  }
}
