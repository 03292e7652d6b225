import type { ListenAt } from '../gateway/engine.ts'
import type { OperationAnswer, Readiness } from '../telemetry/ops.ts'
import type { MetricsSnapshot } from '../telemetry/snapshot.ts'
import type { Question } from './operations.ts'

/** What the supervisor says to a worker. */
export type Order =
  /** `run` marks the ids of this worker's decisions. */
  | { readonly kind: 'listen'; readonly at: ListenAt; readonly run: string }
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'drain' }

/** What a worker says to its supervisor. */
export type Word =
  /** Waits for its order to listen. */
  | { readonly kind: 'up' }
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'report'
      readonly id: number
      readonly snapshot: MetricsSnapshot
      readonly readiness: Readiness
    }
  | { readonly kind: 'told'; readonly id: number; readonly answer: OperationAnswer }
