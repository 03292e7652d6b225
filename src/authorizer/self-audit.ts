import type { Observe } from '../gateway/server.ts'
import type { SessionFacts } from '../store/sessions.ts'
import type { SelfAuditOutcome } from '../telemetry/metrics-of-revocation.ts'
import type { Follower } from './follow.ts'

/**
 * Looks at one in so many allows that memory gave, after the reply: does Redis say the same? What
 * was changed since, and not applied here yet when the answer was given, is what the lease allows.
 * Anything else is a bug, or writes that Redis lost, and must never be.
 */
export function createSelfAudit(deps: {
  /** One in so many; 0 means none. */
  readonly every: number
  readonly facts: Pick<SessionFacts, 'load'>
  readonly follower: Pick<Follower, 'epoch' | 'appliedSeq'>
  readonly count: (outcome: SelfAuditOutcome) => void
  /** Hears of a mismatch, with nothing in it that opens anything. */
  readonly onMismatch: (what: Mismatch) => void
}): Observe {
  const { every, facts, follower, count, onMismatch } = deps
  let left = every
  let isBusy = false

  async function look(hash: string, known: Known): Promise<void> {
    isBusy = true
    try {
      const { epoch, seq, found } = await facts.load(hash)
      const isSame = found !== undefined && found.principal.version <= known.version
      // What is in force here was all there was: nothing may be missing then.
      const isExplained = epoch !== known.epoch || seq > known.appliedSeq
      count(isSame ? 'same' : isExplained ? 'explained' : 'mismatch')
      if (isSame || isExplained) return
      onMismatch({ uid: known.uid, seq, isKnown: found !== undefined })
    } catch {
      count('unknown')
    } finally {
      isBusy = false
    }
  }

  return function audit(_dialect, answer, _check, _elapsedUs, _decision, found) {
    if (answer.kind !== 'allow' || found.source !== 'memory' || found.sessionHash === '') return
    left -= 1
    if (left !== 0) return
    left = every
    const { principal, sessionHash } = found
    if (principal === undefined || isBusy) return
    const { uid, version } = principal
    const known = { uid, version, epoch: follower.epoch(), appliedSeq: follower.appliedSeq() }
    void look(sessionHash, known)
  }
}

interface Known {
  readonly uid: string
  readonly version: number
  readonly epoch: string | undefined
  readonly appliedSeq: number
}

interface Mismatch {
  readonly uid: string
  /** Of the log when Redis was asked. */
  readonly seq: number
  /** Whether Redis knows the session at all. */
  readonly isKnown: boolean
}
