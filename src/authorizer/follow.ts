import { applyInvalidation, type Remembered } from '../cache/apply.ts'
import type { Lease } from '../cache/lease.ts'
import type { Clock } from '../core/clock.ts'
import { Fault } from '../core/fault.ts'
import type { Invalidation } from '../core/invalidation.ts'
import type { Head, Invalidations } from '../store/invalidations.ts'
import { epochNumberOf, epochNumberOfSeq } from '../store/members.ts'
import type { SecondLeases } from '../store/second-leases.ts'
import { createSecondLease } from './second-lease.ts'

/** Follows the log of invalidations and keeps the lease alive while it can. */
export interface Follower {
  /** Subscribes and beats until `drain`. Resolves after the first heartbeat, good or not. */
  start(): Promise<void>
  /** A heartbeat now, shared by all who ask at once; true if the lease is live after it. */
  beat(): Promise<boolean>
  /** The log that is followed, undefined before the first heartbeat. */
  epoch(): string | undefined
  appliedSeq(): number
  /** The end of the log, as far as it was heard of. */
  headSeq(): number
  /** Whether what Redis says may be remembered now: not while the second lease is lived on. */
  isLoading(): boolean
  /** Believes nothing any more and takes itself off the members' list. */
  drain(): Promise<void>
}

export interface FollowOptions {
  readonly worker: string
  readonly invalidations: Invalidations
  readonly lease: Lease
  readonly remembered: Remembered
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly onFault: (fault: unknown) => void
  readonly onApplied?: (message: Invalidation) => void
  /** Something had not been pushed when what came after it was heard of. */
  readonly onGap?: () => void
  readonly onEpoch?: () => void
  /** To go on with what is remembered while Redis is away. */
  readonly secondLeases?: SecondLeases
}

/** Reports of what was applied are at least so far apart; the first goes at once. */
const REPORT_EVERY_MS = 5
/** One heartbeat may fail; at the second in a row the second lease is tried. */
const BEATS_MISSED = 1.5

/** How far this worker has come in which log. */
function createPosition({ remembered, onApplied, onEpoch }: FollowOptions, moved: () => void) {
  let epoch: string | undefined
  let appliedSeq = 0
  let headSeq = 0

  function apply(message: Invalidation): void {
    applyInvalidation(remembered, message)
    headSeq = Math.max(headSeq, message.seq)
    onApplied?.(message)
    if (message.seq !== appliedSeq + 1) return
    appliedSeq = message.seq
    moved()
  }

  /**
   * Nothing remembered is known to be true at `seq`: start from there with empty hands, or from
   * where pushes of the same log have come meanwhile. The ring may have let go of what they named.
   */
  function startOver(seq: number): void {
    const isSameLog = epochNumberOfSeq(headSeq) === epochNumberOfSeq(seq)
    const from = isSameLog ? Math.max(seq, headSeq) : seq
    remembered.facts.forgetAll()
    remembered.ring.reset(from)
    remembered.policyChanged()
    remembered.restrictionsChanged()
    remembered.keyringChanged()
    appliedSeq = from
    headSeq = from
    moved()
  }

  return {
    epoch: () => epoch,
    appliedSeq: () => appliedSeq,
    headSeq: () => headSeq,
    /** The highest number of those that were followed, or that pushes were heard of. */
    latestSealing: () =>
      Math.max(epoch === undefined ? 0 : epochNumberOf(epoch), epochNumberOfSeq(headSeq)),
    apply,
    startOver,
    /** Another log is begun at its end, with empty hands. */
    see(head: Head): 'another log' | 'behind' | 'in step' {
      if (head.epoch !== epoch) {
        startOver(head.seq)
        epoch = head.epoch
        onEpoch?.()
        return 'another log'
      }
      headSeq = Math.max(headSeq, head.seq)
      return appliedSeq < head.seq ? 'behind' : 'in step'
    },
  }
}

export function createFollower(options: FollowOptions): Follower {
  const { worker, invalidations, lease, clock, heartbeatMs } = options
  const position = createPosition(options, () => report.soon())
  const { appliedSeq } = position
  const report = createReporter(options, appliedSeq)
  let beating: Promise<boolean> | undefined
  let stopTimer = (): void => undefined
  let isDrained = false
  let boardHeardAtMs = Number.NEGATIVE_INFINITY
  const { secondLeases: source } = options
  const second = source && createSecondLease({ ...options, source, appliedSeq })

  /** Without a log that was followed nothing is remembered that could be believed. */
  async function askSecond(): Promise<void> {
    if (second === undefined || position.epoch() === undefined || isDrained) return
    if (clock.monotonicMs() - boardHeardAtMs < BEATS_MISSED * heartbeatMs) return
    await second.beat(heartbeatMs)
  }

  async function askHead(): Promise<boolean> {
    const sentAtMs = clock.monotonicMs()
    const wallAtMs = clock.nowMs()
    if (!lease.isSound(sentAtMs, wallAtMs)) lease.drop()
    const head = await invalidations.heartbeat(worker, appliedSeq())
    if (isDrained) return false
    // What came into force on the later one may be missing here: it is filled anew once the
    // identity API is certain that the other one is gone.
    if (epochNumberOf(head.epoch) < position.latestSealing()) {
      throw new Fault('store_unsealed', {
        about: 'Redis, sealed earlier than one we have heard of',
      })
    }
    if (head.epoch !== position.epoch()) lease.drop()
    if (position.see(head) === 'behind') {
      options.onGap?.()
      const missed = await invalidations.since(appliedSeq())
      if (isDrained) return false
      if (missed === undefined) position.startOver(head.seq)
      else for (const one of missed) if (one.seq > appliedSeq()) position.apply(one)
    }
    if (appliedSeq() < head.seq) return lease.isLive(clock.monotonicMs())
    lease.grant(sentAtMs, wallAtMs)
    boardHeardAtMs = sentAtMs
    await second?.end()
    return lease.isLive(clock.monotonicMs())
  }

  function beat(): Promise<boolean> {
    beating ??= askHead()
      .catch(async (fault: unknown) => {
        options.onFault(fault)
        await askSecond()
        return lease.isLive(clock.monotonicMs())
      })
      .finally(() => {
        beating = undefined
      })
    return beating
  }

  function tick(): void {
    stopTimer = clock.setTimer(heartbeatMs, () => {
      void beat().finally(() => isDrained || tick())
    })
  }

  return {
    async start() {
      await invalidations
        .subscribe({
          invalidated(message) {
            const isGap = message.seq > appliedSeq() + 1
            position.apply(message)
            if (!isGap) return
            options.onGap?.()
            void beat()
          },
          interrupted: () => void beat(),
        })
        .catch(options.onFault)
      await beat()
      tick()
    },
    beat,
    epoch: position.epoch,
    appliedSeq,
    headSeq: position.headSeq,
    isLoading: () => second?.isOn() !== true,
    async drain() {
      isDrained = true
      stopTimer()
      report.close()
      lease.drop()
      await second?.end()
      await invalidations.leave(worker).catch(options.onFault)
    },
  }
}

/**
 * Says how far this worker has come, so that whoever waits for it need not wait for its lease.
 * One report is on its way at a time, and says as much as is true when it leaves.
 */
function createReporter(
  { worker, invalidations, clock, onFault }: FollowOptions,
  appliedSeq: () => number,
) {
  let reportedSeq = 0
  let isBusy = false
  let isClosed = false

  async function send(): Promise<void> {
    isBusy = true
    // What is applied in the same turn goes with it.
    await undefined
    reportedSeq = appliedSeq()
    // A report that was lost is not repeated: the next heartbeat says the same.
    await invalidations.report(worker, reportedSeq).catch(onFault)
    clock.setTimer(REPORT_EVERY_MS, () => {
      isBusy = false
      if (!isClosed && appliedSeq() > reportedSeq) void send()
    })
  }

  return {
    soon(): void {
      if (!isBusy && !isClosed) void send()
    },
    close(): void {
      isClosed = true
    },
  }
}
