import {
  type Activity,
  activityAction,
  activityTarget,
  activityText,
  activityTopic,
} from '../core/activity.ts'
import type { Check } from '../core/check.ts'
import type { Findings } from '../core/findings.ts'
import type { Policy } from '../core/policy.ts'
import type { Principal } from '../core/principal.ts'
import type { Reason } from '../core/reason.ts'
import { auditTopic } from '../core/rule.ts'
import type { Answer } from '../core/verdict.ts'
import type { ActivityLog } from '../store/activities.ts'
import type { Spill } from '../store/spill.ts'
import type { ActivityOutcome } from '../telemetry/metric-table.ts'

/** Remembers what must be written down, and writes it after the answer, in batches. */
export interface Auditor {
  /** Costs an allocation and no waiting. */
  record(activity: Activity): void
  waiting(): number
  /** Sends or spills what is waiting; never rejects. */
  flush(): Promise<void>
  /** Flushes for the last time: nothing that was recorded before is lost. */
  drain(): Promise<void>
}

export interface AuditOptions {
  readonly activities: ActivityLog
  readonly spill: Spill
  readonly monotonicMs: () => number
  readonly onFault: (fault: unknown) => void
  readonly onOutcome: (outcome: ActivityOutcome, count: number) => void
}

/**
 * A record waits at most this long in memory alone, and the queue is given this long to take it
 * before a file does: together they are what kill -9 may cost.
 */
const FLUSH_AFTER_MS = 20
const APPEND_WITHIN_MS = 50
/** Beyond this many the newest are dropped, and counted: memory has a bound. */
const WAITING_MAX = 20_000
/** While the queue refuses, files take everything, and it is asked again this often. */
const ASK_AGAIN_MS = 1_000

export function createAuditor(options: AuditOptions): Auditor {
  const { activities, spill, monotonicMs, onFault, onOutcome } = options
  let waiting: Activity[] = []
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let askAgainAtMs = Number.NEGATIVE_INFINITY
  let replayer: NodeJS.Timeout | undefined
  let isDrained = false

  async function send(batch: readonly Activity[]): Promise<void> {
    if (monotonicMs() >= askAgainAtMs) {
      try {
        await within(activities.append(batch), APPEND_WITHIN_MS)
        onOutcome('queued', batch.length)
        return
      } catch (fault) {
        onFault(fault)
        askAgainAtMs = monotonicMs() + ASK_AGAIN_MS
      }
    }
    await keep(batch)
  }

  async function keep(batch: readonly Activity[]): Promise<void> {
    let dropped = batch.length
    try {
      dropped = await spill.write(batch)
    } catch (fault) {
      onFault(fault)
    }
    if (dropped > 0) onOutcome('dropped', dropped)
    if (dropped < batch.length) onOutcome('spilled', batch.length - dropped)
    replaySoon()
  }

  function replaySoon(): void {
    if (isDrained) return
    replayer ??= setTimeout(() => void replay(), ASK_AGAIN_MS).unref()
  }

  async function replay(): Promise<void> {
    try {
      const taken = await spill.replay((batch) => activities.append(batch))
      if (taken > 0) onOutcome('replayed', taken)
      askAgainAtMs = Number.NEGATIVE_INFINITY
    } catch (fault) {
      onFault(fault)
    }
    replayer = undefined
    if (!spill.isEmpty()) replaySoon()
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await send(batch)
    }
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    while (running !== undefined || waiting.length > 0) {
      running ??= run().finally(() => {
        running = undefined
      })
      await running
    }
  }

  // Files of processes that are no more are taken in at the start.
  replaySoon()
  return {
    record(activity) {
      if (waiting.length >= WAITING_MAX) {
        onOutcome('dropped', 1)
        return
      }
      waiting.push(activity)
      timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS)
    },
    waiting: () => waiting.length,
    flush,
    async drain() {
      isDrained = true
      clearTimeout(replayer)
      await flush()
    },
  }
}

/** Rejects if `promise` has not settled in time; it may still succeed, and twice is once. */
function within(promise: Promise<void>, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the queue did not answer in time')), limitMs)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Refusals of somebody who was proven to be who they are: what they may not do. */
const DENIED: ReadonlySet<Reason> = new Set([
  'authz.invalid_permission',
  'authz.apikey_scope_not_allowed',
])

/**
 * The topic of the AUDIT row that watches a decision, null where it names none or none watches a
 * refusal. Undefined where nothing is to be written down.
 */
export function watchedTopic(
  { rules }: Policy,
  check: Check,
  { principal }: Findings,
  answer: Answer,
): string | null | undefined {
  if (principal === undefined) return undefined
  if (answer.kind === 'deny' && !DENIED.has(answer.reason)) return undefined
  const topic = auditTopic(rules, principal.role, check)
  return answer.kind === 'deny' ? (topic ?? null) : topic
}

/** What a decision leaves behind: an allow that an AUDIT row watches, or a refusal by the rules. */
export function activityOf(
  check: Check,
  principal: Principal,
  more: {
    readonly id: string
    readonly decisionId: string
    readonly atMs: number
    /** Of the AUDIT row that matched, null where it has none or none did. */
    readonly topic: string | null
    readonly country: string
    /** The public code of the refusal; undefined for an allow. */
    readonly reason: string | undefined
  },
): Activity {
  const { uid, kind } = principal
  return {
    id: more.id,
    atMs: more.atMs,
    category: 'admin',
    uid,
    kind,
    targetUid: activityTarget(check.query),
    address: check.address.text,
    country: more.country,
    userAgent: activityText(check.userAgent),
    topic: activityTopic(check.path, more.topic),
    action: activityAction(check.method),
    result: more.reason === undefined ? 'succeed' : 'denied',
    reason: more.reason ?? '',
    decisionId: more.decisionId,
    method: check.method,
    path: activityText(check.path),
  }
}
