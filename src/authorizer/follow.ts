import { applyInvalidation, type Remembered } from '../cache/apply.ts'
import type { Lease } from '../cache/lease.ts'
import type { Invalidation } from '../core/invalidation.ts'
import type { Invalidations } from '../store/invalidations.ts'

/** Follows the log of invalidations and keeps the lease alive while it can. */
export interface Follower {
  /** Subscribes and beats until `drain`. Resolves after the first heartbeat, good or not. */
  start(): Promise<void>
  /** A heartbeat now, shared by all who ask at once; true if the lease is live after it. */
  beat(): Promise<boolean>
  /** The log that is followed, undefined before the first heartbeat. */
  epoch(): string | undefined
  appliedSeq(): number
  /** Believes nothing any more and takes itself off the members' list. */
  drain(): Promise<void>
}

export interface FollowOptions {
  readonly worker: string
  readonly invalidations: Invalidations
  readonly lease: Lease
  readonly remembered: Remembered
  /** Milliseconds that never go back, and never stand still while the process is stopped. */
  readonly monotonicMs: () => number
  readonly heartbeatMs: number
  readonly onFault: (fault: unknown) => void
  readonly onApplied?: (message: Invalidation) => void
}

export function createFollower(options: FollowOptions): Follower {
  const { worker, invalidations, lease, remembered, monotonicMs, heartbeatMs } = options
  let epoch: string | undefined
  let appliedSeq = 0
  let beating: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined
  let isDrained = false

  function apply(message: Invalidation): void {
    applyInvalidation(remembered, message)
    options.onApplied?.(message)
    if (message.seq === appliedSeq + 1) appliedSeq = message.seq
  }

  /** Nothing remembered is known to be true at `seq`: start from there with empty hands. */
  function startOver(seq: number): void {
    remembered.facts.forgetAll()
    remembered.ring.reset(seq)
    remembered.policyChanged()
    remembered.restrictionsChanged()
    remembered.keyringChanged()
    appliedSeq = seq
  }

  async function askHead(): Promise<boolean> {
    const sentAtMs = monotonicMs()
    const head = await invalidations.heartbeat(worker, appliedSeq)
    if (isDrained) return false
    if (head.epoch !== epoch) {
      lease.drop()
      startOver(head.seq)
      epoch = head.epoch
    }
    if (appliedSeq < head.seq) {
      const missed = await invalidations.since(appliedSeq)
      if (isDrained) return false
      if (missed === undefined) startOver(head.seq)
      else for (const message of missed) if (message.seq > appliedSeq) apply(message)
    }
    if (appliedSeq < head.seq) return lease.isLive(monotonicMs())
    lease.grant(sentAtMs)
    return lease.isLive(monotonicMs())
  }

  function beat(): Promise<boolean> {
    beating ??= askHead()
      .catch((fault: unknown) => {
        options.onFault(fault)
        return lease.isLive(monotonicMs())
      })
      .finally(() => {
        beating = undefined
      })
    return beating
  }

  function tick(): void {
    timer = setTimeout(() => void beat().finally(() => isDrained || tick()), heartbeatMs)
  }

  return {
    async start() {
      await invalidations
        .subscribe({
          invalidated(message) {
            const isGap = message.seq > appliedSeq + 1
            apply(message)
            if (isGap) void beat()
          },
          interrupted: () => void beat(),
        })
        .catch(options.onFault)
      await beat()
      tick()
    },
    beat,
    epoch: () => epoch,
    appliedSeq: () => appliedSeq,
    async drain() {
      isDrained = true
      clearTimeout(timer)
      lease.drop()
      await invalidations.leave(worker).catch(options.onFault)
    },
  }
}
