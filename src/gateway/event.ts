import type { DialectName } from '../core/check.ts'

/** What an operator should hear of at once, because a gateway or we ourselves are at fault. */
export type GatewayEvent =
  | { readonly kind: 'untrusted_gateway'; readonly peer: string }
  /** `about` names the header that is missing, repeated or unreadable. */
  | { readonly kind: 'malformed_check'; readonly dialect: DialectName; readonly about: string }
  | { readonly kind: 'authorize_late'; readonly dialect: DialectName }
  | { readonly kind: 'authorize_failed'; readonly dialect: DialectName; readonly cause: unknown }
  /** A grant held a value that no header may carry; the check was refused. */
  | { readonly kind: 'grant_unwritable'; readonly dialect: DialectName }
  /** A connection was cut: the system lets this process have so many. */
  | { readonly kind: 'crowded'; readonly connectionsMax: number }
  | { readonly kind: 'bug'; readonly cause: unknown }

/** `skippedCount` events of the same kind and dialect came since the last that was reported. */
export type Report = (event: GatewayEvent, skippedCount: number) => void

/** Between two reports of one kind and dialect: anybody can cause some of them at will. */
export const REPORT_EVERY_US = 1_000_000

/** Passes on at most one event of a kind and dialect every `REPORT_EVERY_US`. */
export function createReporter(report: Report, nowUs: () => number): (event: GatewayEvent) => void {
  const seen = new Map<string, { nextAtUs: number; skippedCount: number }>()
  return function reportSparingly(event) {
    const key = 'dialect' in event ? `${event.kind} ${event.dialect}` : event.kind
    const at = nowUs()
    const last = seen.get(key)
    if (last !== undefined && at < last.nextAtUs) {
      last.skippedCount++
      return
    }
    seen.set(key, { nextAtUs: at + REPORT_EVERY_US, skippedCount: 0 })
    report(event, last?.skippedCount ?? 0)
  }
}
