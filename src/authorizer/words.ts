import type { ListenAt } from '../gateway/engine.ts'
import type { OperationAnswer, Readiness } from '../telemetry/ops.ts'
import type { MetricsSnapshot } from '../telemetry/snapshot.ts'
import type { Question } from './operations.ts'

/** What a worker is called by, drawn by its supervisor, which needs it when the worker is dead. */
export interface WorkerNames {
  /** Marks the ids of its decisions. */
  readonly run: string
  /** Its name on the members' list. */
  readonly worker: string
}

/** What a worker has to do: under which names, and where. */
export interface Post extends WorkerNames {
  readonly at: ListenAt
  /** Others answer there already. */
  readonly isJoining: boolean
}

/** What the supervisor says to a worker. */
export type Order =
  | ({ readonly kind: 'listen' } & Post)
  | { readonly kind: 'report'; readonly id: number }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'drain' }

/** What a worker says to its supervisor. */
export type Word =
  /** Waits for its order to listen. */
  | { readonly kind: 'up' }
  | { readonly kind: 'listening' }
  /** Accepts no more connections. */
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'report'
      readonly id: number
      readonly snapshot: MetricsSnapshot
      readonly readiness: Readiness
    }
  | { readonly kind: 'told'; readonly id: number; readonly answer: OperationAnswer }
