import type { ListenAt } from '../gateway/engine.ts'
import type { Readiness } from '../telemetry/ops.ts'
import type { MetricsSnapshot } from '../telemetry/snapshot.ts'

/** What the supervisor says to a worker. */
export type Order =
  | { readonly kind: 'listen'; readonly at: ListenAt }
  | { readonly kind: 'report'; readonly id: number }
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
