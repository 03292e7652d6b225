import type { Lease } from '../cache/lease.ts'
import type { Geo } from '../store/geo.ts'
import type { Readiness } from '../telemetry/ops.ts'
import type { PolicyHolder } from './policy.ts'

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
