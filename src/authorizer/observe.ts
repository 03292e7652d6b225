import type { Check } from '../core/check.ts'
import { Fault } from '../core/fault.ts'
import type { Findings } from '../core/findings.ts'
import type { GatewayEvent } from '../gateway/event.ts'
import type { Observe } from '../gateway/server.ts'
import type { Log } from '../telemetry/log.ts'
import type { CredentialKind } from '../telemetry/metric-table.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { SayAtMost } from '../telemetry/say-at-most.ts'
import type { Limits } from './limits.ts'
import type { PolicyChange } from './policy.ts'

/** Says that something we depend on failed, at most once a second for each place and code. */
export type SayFault = (where: string, fault: unknown) => void

/** An outage repeats itself thousands of times a second; an operator needs to read it once. */
const SAY_EVERY_MS = 1000

export function createSayFault(log: Log, sayAtMost: SayAtMost): SayFault {
  return function sayFault(where, fault) {
    const code = fault instanceof Fault ? fault.code : 'unexpected'
    sayAtMost(`${where} ${code}`, SAY_EVERY_MS, (dropped) => {
      log.error({ err: fault, where, code, dropped }, 'something we depend on failed')
    })
  }
}

/** Says and counts; the policy is the one question that Postgres is asked. */
export function countFaults(
  { sayFault, storeName }: { sayFault: SayFault; storeName: 'redis' | 'embedded' },
  metrics: Pick<Metrics, 'countStoreFault'>,
): SayFault {
  return function sayCounted(where, fault) {
    const store = where === 'policy' && storeName === 'redis' ? 'postgres' : storeName
    if (fault instanceof Fault) metrics.countStoreFault(store, fault.code)
    sayFault(where, fault)
  }
}

/** Counts one answer, after its reply, shows it around, and charges for a wrong credential. */
export function createObserve(
  metrics: Metrics,
  cookieName: string,
  limits: Pick<Limits, 'chargeFailure'>,
  others: readonly Observe[],
): Observe {
  return function observe(dialect, answer, check, elapsedUs, decision, found) {
    metrics.observeDecision(dialect, answer, credentialOf(check, cookieName, found), elapsedUs)
    // Not by its iterator, which V8 would make for each answer.
    for (let at = 0; at < others.length; at++) {
      others[at]?.(dialect, answer, check, elapsedUs, decision, found)
    }
    if (answer.kind === 'deny' && check !== undefined) {
      limits.chargeFailure(check, answer.reason, found.credential !== 'none')
    }
  }
}

/** What was presented, by presence alone: cheap, and bounded to three words. */
function credentialOf(
  check: Check | undefined,
  cookieName: string,
  { credential }: Findings,
): CredentialKind {
  if (check === undefined) return 'none'
  if (check.apiKey !== undefined) return 'api_key'
  // Where the cookie was read already, it need not be looked for.
  if (credential === 'session') return 'session'
  return check.cookies !== '' && check.cookies.includes(cookieName) ? 'session' : 'none'
}

/** What a gateway or the policy's owner did wrong, in the operator's words. */
const SAYINGS: Record<GatewayEvent['kind'], string> = {
  untrusted_gateway: 'somebody who is no trusted gateway asked; see DVARA_TRUSTED_GATEWAYS',
  malformed_check: 'a gateway sent a check that cannot be read; see docs/gateways',
  authorize_late: 'an answer came too late and was replaced by a refusal',
  authorize_failed: 'deciding threw; the check was refused',
  grant_unwritable: 'a principal holds a character that no header can carry',
  crowded: 'a connection was cut: raise the limit on open files (ulimit -n, LimitNOFILE)',
  bug: 'a handler threw; the request was refused',
}

export function createReport(log: Log, metrics: Metrics) {
  return {
    gatewayEvent(event: GatewayEvent, skippedCount: number): void {
      const { kind, ...rest } = event
      const fields = 'cause' in rest ? { ...rest, cause: undefined, err: rest.cause } : rest
      const isOurs = kind === 'bug' || kind === 'authorize_failed'
      log[isOurs ? 'error' : 'warn']({ kind, ...fields, skippedCount }, SAYINGS[kind])
    },
    policyChanged(change: PolicyChange): void {
      if (change.outcome === 'refused') {
        metrics.countPolicyReload('rejected')
        log.error({ problems: change.problems }, 'the policy file was refused; the old one holds')
      } else if (change.outcome === 'partial') {
        const { source, problems } = change
        log.warn({ source, problems }, 'rows that can match nothing; the others hold')
      } else {
        metrics.countPolicyReload('applied')
        log.info({ source: change.source, version: change.version }, 'a policy is in force')
      }
    },
  }
}
