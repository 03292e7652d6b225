import { randomBytes } from 'node:crypto'
import type { Config } from '../config/settings.ts'
import { findDecidingRow } from '../core/explain.ts'
import type { FindPlace } from '../core/place.ts'
import { createDecisionIds, createRun, type DecisionIds } from '../gateway/decision-id.ts'
import type { Observe } from '../gateway/server.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import type { OperationAnswer } from '../telemetry/ops.ts'
import { createDecisions } from './decisions.ts'
import { createExplain } from './explain.ts'
import { wonderAbout } from './explain-kept.ts'
import type { Follower } from './follow.ts'
import type { Memory } from './memory.ts'
import { networksOf } from './networks.ts'
import { type Ask, NO_SHADOW, type Question, unknownDecision } from './operations.ts'
import type { PolicyHolder } from './policy.ts'
import type { Shadow } from './shadow.ts'

/** What one worker keeps of its decisions, and tells operators of them. */
export interface Desk {
  readonly ids: DecisionIds
  readonly keep: Observe
  readonly ask: Ask
}

export interface DeskOptions {
  readonly config: Pick<
    Config,
    | 'decisionsKept'
    | 'trustedGateways'
    | 'jwtIssuer'
    | 'jwtTtlS'
    | 'sessionIdleS'
    | 'sessionLifetimeS'
  >
  /** Marks the ids; drawn if undefined. */
  readonly run: string | undefined
  readonly policy: Pick<PolicyHolder, 'current' | 'isStale'>
  readonly follower: Pick<Follower, 'epoch' | 'appliedSeq'>
  readonly shadow: Pick<Shadow, 'note' | 'report'> | undefined
  readonly memory: Pick<Memory, 'table' | 'keys' | 'lease'>
  readonly stores: AuthorizerStores
  readonly isSealed: (value: string) => boolean
  readonly findPlace: FindPlace
  readonly monotonicMs: () => number
}

export function openDesk(options: DeskOptions): Desk {
  const { config, policy, follower, shadow } = options
  const run = options.run ?? createRun(Math.random, new Set())
  const ids = createDecisionIds({ run, key: drawKey() })
  const { epoch, appliedSeq } = follower
  const decisions = createDecisions({
    ...{ ids, keptMax: config.decisionsKept, nowMs: Date.now, epoch, appliedSeq },
    policy: policy.current,
    decidingRow: (then, { method, path, principal, reason }) =>
      findDecidingRow(then, { method, path, role: principal?.role, reason }),
  })
  const explain = openExplain(options, run)

  async function explainOf(
    question: Extract<Question, { kind: 'explain' }>,
  ): Promise<OperationAnswer> {
    if (question.id === undefined) {
      return { status: 200, value: await explain(question.request, null) }
    }
    const slot = decisions.find(question.id)
    if (slot === undefined) return unknownDecision(question.id)
    const wondered = wonderAbout(slot, question.dialect)
    return { status: 200, value: await explain(wondered, decisions.show(slot)) }
  }

  return {
    ids,
    keep(dialect, answer, check, elapsedUs, decision, found) {
      decisions.keep(dialect, answer, check, elapsedUs, decision, found)
      shadow?.note(answer, check, found)
    },
    async ask(question) {
      if (question.kind === 'explain') return explainOf(question)
      if (question.kind === 'decisions') {
        return { status: 200, value: { decisions: decisions.list(question.query) } }
      }
      if (question.kind === 'shadow') {
        return shadow === undefined ? NO_SHADOW : { status: 200, value: shadow.report() }
      }
      const slot = decisions.find(question.id)
      if (slot === undefined) return unknownDecision(question.id)
      return { status: 200, value: decisions.show(slot) }
    },
  }
}

function openExplain(options: DeskOptions, run: string) {
  const { config, policy, follower, memory, stores, monotonicMs } = options
  return createExplain({
    ...{
      stores,
      table: memory.table,
      knownKeys: memory.keys.known,
      nowMs: Date.now,
      run,
      trustedGateways: networksOf(config.trustedGateways),
      isSealed: options.isSealed,
      findPlace: options.findPlace,
    },
    idleMs: config.sessionIdleS * 1000,
    lifetimeMs: config.sessionLifetimeS * 1000,
    policy: policy.current,
    isStale: policy.isStale,
    leaseRemainingMs: () => memory.lease.remainingMs(monotonicMs()),
    epoch: follower.epoch,
    appliedSeq: follower.appliedSeq,
    issuer: config.jwtIssuer,
    tokenTtlMs: config.jwtTtlS * 1000,
  })
}

function drawKey(): Uint32Array {
  const bytes = randomBytes(16)
  return Uint32Array.from({ length: 4 }, (_, at) => bytes.readUInt32LE(4 * at))
}
