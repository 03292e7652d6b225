import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Config } from '../config/settings.ts'
import type { Check } from '../core/check.ts'
import type { Policy } from '../core/policy.ts'
import type { Observe } from '../gateway/server.ts'
import type { ActivityLog } from '../store/activities.ts'
import { createSpill } from '../store/spill.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { type Auditor, activityOf, createAuditor, watchedTopic } from './audit.ts'
import type { SayFault } from './observe.ts'

/** Files of one worker that wait for Redis are no larger than this, all together. */
const SPILL_BYTES_MAX = 256 << 20

/** Looks at each answer after its reply, and writes down what has to be. */
export interface Auditing {
  readonly observe: Observe
  readonly drain: Auditor['drain']
}

export interface AuditingOptions {
  readonly config: Pick<Config, 'spillDirectory'>
  readonly activities: ActivityLog
  readonly metrics: Pick<Metrics, 'countActivities'>
  readonly sayFault: SayFault
  readonly policy: () => Policy
  /** The id of the decision that was just made. */
  readonly idOf: (decision: number) => string
  /** ISO code, empty where it is not known. */
  readonly countryOf: (check: Check) => string
}

export function openAuditing(options: AuditingOptions): Auditing {
  // Part of every record's name: ids of decisions may come again after months.
  const run = randomBytes(9).toString('hex')
  const auditor = createAuditor({
    activities: options.activities,
    spill: createSpill({
      directory: resolve(options.config.spillDirectory),
      owner: run,
      pid: process.pid,
      bytesMax: SPILL_BYTES_MAX,
      isAlive,
    }),
    monotonicMs: () => performance.now(),
    onFault: (fault) => options.sayFault('activities', fault),
    onOutcome: options.metrics.countActivities,
  })
  return { observe: createObserve(options, auditor, run), drain: auditor.drain }
}

function createObserve(
  { policy, idOf, countryOf }: AuditingOptions,
  auditor: Auditor,
  run: string,
): Observe {
  return function observe(_dialect, answer, check, _elapsedUs, decision, found) {
    const { principal } = found
    if (check === undefined || principal === undefined) return
    const topic = watchedTopic(policy(), check, found, answer)
    if (topic === undefined) return
    auditor.record(
      activityOf(check, principal, {
        id: `${run}.${decision}`,
        decisionId: idOf(decision),
        atMs: Date.now(),
        topic,
        country: countryOf(check),
        reason: answer.kind === 'deny' ? answer.reason : undefined,
      }),
    )
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // Somebody else's process is alive too.
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}
