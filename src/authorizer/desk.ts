import { randomBytes } from 'node:crypto'
import type { Config } from '../config/settings.ts'
import { createDecisionIds, createRun, type DecisionIds } from '../gateway/decision-id.ts'
import type { Observe } from '../gateway/server.ts'
import { createDecisions } from './decisions.ts'
import type { Follower } from './follow.ts'
import { type Ask, NO_SHADOW, unknownDecision } from './operations.ts'
import type { PolicyHolder } from './policy.ts'
import type { Shadow } from './shadow.ts'

/** What one worker keeps of its decisions, and tells operators of them. */
export interface Desk {
  readonly ids: DecisionIds
  readonly keep: Observe
  readonly ask: Ask
}

export interface DeskOptions {
  readonly config: Pick<Config, 'decisionsKept'>
  /** Marks the ids; drawn if undefined. */
  readonly run: string | undefined
  readonly policy: Pick<PolicyHolder, 'current'>
  readonly follower: Pick<Follower, 'epoch' | 'appliedSeq'>
  readonly shadow: Pick<Shadow, 'note' | 'report'> | undefined
}

export function openDesk({ config, run, policy, follower, shadow }: DeskOptions): Desk {
  const ids = createDecisionIds({ run: run ?? createRun(Math.random, new Set()), key: drawKey() })
  const decisions = createDecisions({
    ids,
    keptMax: config.decisionsKept,
    nowMs: Date.now,
    epoch: follower.epoch,
    appliedSeq: follower.appliedSeq,
    policy: policy.current,
    decidingRow: () => undefined,
  })
  return {
    ids,
    keep(dialect, answer, check, elapsedUs, decision, found) {
      decisions.keep(dialect, answer, check, elapsedUs, decision, found)
      shadow?.note(answer, check, found)
    },
    async ask(question) {
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

function drawKey(): Uint32Array {
  const bytes = randomBytes(16)
  return Uint32Array.from({ length: 4 }, (_, at) => bytes.readUInt32LE(4 * at))
}
