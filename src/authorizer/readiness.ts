import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import type { Lease } from '../cache/lease.ts'
import type { Clock } from '../core/clock.ts'
import type { Geo } from '../store/geo.ts'
import type { Readiness } from '../telemetry/ops.ts'
import type { Follower } from './follow.ts'
import type { PolicyHolder } from './policy.ts'
import type { Refreshed } from './refresh.ts'

/** Who cannot decide yet does not join others for so long. */
const ABLE_WITHIN_MS = 2_000
const TRY_AGAIN_MS = 50

/** Whether an authorizer can decide now, and what keeps it from that. */
export function readinessOf(parts: {
  readonly lease: Pick<Lease, 'isLive'>
  readonly policy: Pick<PolicyHolder, 'current' | 'isStale'>
  readonly places: Pick<Geo, 'problem'>
  readonly nowMs: number
}): Readiness {
  const { lease, policy, places, nowMs } = parts
  const problems: string[] = []
  if (!lease.isLive(nowMs)) problems.push('no lease: the invalidation log is out of reach')
  if (policy.isStale()) {
    problems.push('changed permissions or restrictions could not be loaded yet')
  }
  const unplaced = policy.current().restrictions.isPlaceAsked ? places.problem() : undefined
  if (unplaced !== undefined) problems.push(`restrictions of places are in force: ${unplaced}`)
  return { ready: problems.length === 0, problems }
}

/** What must be in order before an authorizer listens. */
interface Beginning {
  readonly follower: Pick<Follower, 'start' | 'beat' | 'drain'>
  readonly policy: Pick<PolicyHolder, 'load' | 'refresh'>
  readonly keys: Pick<Refreshed, 'refresh'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** What there is to compute; done while Postgres reads the rows. */
  readonly meanwhile: () => void
}

/**
 * The first heartbeat, and then the first rows: so they are at least as new as the end of the log
 * that was heard of, and are read once. Rejects with the store's Fault.
 *
 * Who joins others on their port does so when there is a lease and nothing is stale: a check that
 * would be refused here is decided by them. In the end it joins all the same, and says why not.
 */
export async function becomeAble(beginning: Beginning, isJoining: boolean): Promise<void> {
  const { follower, policy, keys, clock, meanwhile } = beginning
  await follower.start()
  try {
    const loading = policy.load()
    // Nobody else hears of it if it fails before it is waited for.
    loading.catch(() => undefined)
    await nextTurn()
    meanwhile()
    await loading
  } catch (fault) {
    // On the members' list by now: nobody shall wait for who never listened.
    await follower.drain()
    throw fault
  }
  const untilMs = clock.monotonicMs() + ABLE_WITHIN_MS
  while (isJoining) {
    const able = await Promise.all([follower.beat(), policy.refresh(), keys.refresh()])
    if (able.every((isAble) => isAble) || clock.monotonicMs() >= untilMs) return
    await pause(TRY_AGAIN_MS)
  }
}
