import type { Answer } from '../../src/core/verdict.ts'
import type { History } from './history.ts'

/** Something that can be taken away: a session, a user, a key, a part of the upstream. */
export interface Subject {
  readonly kind: 'session' | 'user' | 'key' | 'area'
  readonly name: string
  /** From when on it is there for certain. */
  openAtMs: number
  /** When somebody began to take it away. */
  dyingAtMs: number
  /** When that was known to be committed, though not in force. */
  recordedAtMs: number
  /** When somebody was told that it is in force. */
  deadAtMs: number
  /** Begin of the last request that passed with it. */
  allowedAtMs: number
}

const NEVER = Number.POSITIVE_INFINITY

export function createSubject(kind: Subject['kind'], name: string, openAtMs: number): Subject {
  return {
    kind,
    name,
    openAtMs,
    dyingAtMs: NEVER,
    recordedAtMs: NEVER,
    deadAtMs: NEVER,
    allowedAtMs: -NEVER,
  }
}

/** One request: with what it came, when it began and where it went. */
export interface Asked {
  readonly subjects: readonly Subject[]
  readonly beganAtMs: number
  readonly worker: string
}

export interface Violation {
  readonly rule: string
  readonly atMs: number
  readonly text: string
}

export interface Tally {
  checksAfterAck: number
  staleAllows: number
  validAsked: number
  deniedWhileValid: number
  worstAgeMs: number
  readonly acksMs: number[]
  readonly violations: Violation[]
}

export interface Checks {
  readonly tally: Tally
  answered(asked: Asked, answer: Answer, atMs: number): void
  /** An acknowledgement, or the news that there is none; within the bound or not. */
  acknowledged(what: string, tookMs: number, boundMs: number, atMs: number): void
  violated(rule: string, atMs: number, text: string): void
  close(): void
}

interface Seen {
  refusedAtMs: number
  hasPassed: boolean
}

/** Refusals that say of what kind of subject it is that it was taken away. */
const TAKEN: Readonly<Record<string, readonly Subject['kind'][]>> = {
  'authz.invalid_session': ['session'],
  'authz.user_not_active': ['user'],
  'authz.invalid_permission': ['user', 'area'],
  'authz.apikey_not_active': ['key'],
  'authz.unexistent_apikey': ['key'],
}

export function createChecks(deps: {
  readonly history: History
  /** Whether nothing was amiss from then on; what is valid must pass. */
  readonly isHealthy: (sinceMs: number) => boolean
  /** From when on Redis has given nobody a lease that is still live. */
  readonly leaselessFromMs: () => number
  /** After so long no lease is left of what was believed before. */
  readonly boundMs: number
  readonly subjects: readonly Subject[]
}): Checks {
  const { history, isHealthy, leaselessFromMs, boundMs, subjects } = deps
  const tally: Tally = {
    ...{ checksAfterAck: 0, staleAllows: 0, validAsked: 0, deniedWhileValid: 0, worstAgeMs: 0 },
    ...{ acksMs: [], violations: [] },
  }
  /** By subject and worker: when it was refused for good, and whether it ever passed. */
  const seen = new Map<Subject, Map<string, Seen>>()
  function seenBy(worker: string, subject: Subject) {
    const byWorker = seen.get(subject) ?? new Map<string, Seen>()
    if (byWorker.size === 0) seen.set(subject, byWorker)
    const known = byWorker.get(worker) ?? { refusedAtMs: NEVER, hasPassed: false }
    byWorker.set(worker, known)
    return known
  }

  function violated(rule: string, atMs: number, text: string): void {
    history.say(atMs, `VIOLATION of ${rule}: ${text}`)
    tally.violations.push({ rule, atMs, text })
  }

  function allowed({ subjects: with_, beganAtMs, worker }: Asked, atMs: number): void {
    for (const subject of with_) {
      subject.allowedAtMs = Math.max(subject.allowedAtMs, beganAtMs)
      if (beganAtMs > subject.deadAtMs) {
        tally.staleAllows += 1
        const ageMs = (beganAtMs - subject.deadAtMs).toFixed(1)
        violated('accepted after ack', atMs, `${worker}: ${subject.name}, ${ageMs} ms after`)
      }
      const own = seenBy(worker, subject)
      own.hasPassed = true
      if (beganAtMs > own.refusedAtMs) {
        violated('accepted after refusal', atMs, `${worker}: ${subject.name}`)
      }
      const isLate = beganAtMs > subject.recordedAtMs && isHealthy(beganAtMs)
      if (isLate) violated('recorded, never in force', atMs, `${worker}: ${subject.name}`)
      // Whoever goes on does so by Postgres, which knows of it.
      const recordedMs = Math.max(subject.recordedAtMs, leaselessFromMs())
      if (beganAtMs > recordedMs + boundMs) {
        violated('recorded, and allowed without Redis', atMs, `${worker}: ${subject.name}`)
      }
    }
  }

  function denied({ subjects: with_, beganAtMs, worker }: Asked, reason: string, atMs: number) {
    const isValid = with_.every((one) => one.openAtMs < beganAtMs && one.dyingAtMs === NEVER)
    if (isValid) {
      tally.validAsked += 1
      tally.deniedWhileValid += 1
      if (isHealthy(beganAtMs)) {
        const names = with_.map(({ name }) => name).join(', ')
        violated('refused while valid', atMs, `${worker}: ${names}: ${reason}`)
      }
      return
    }
    // What was taken away meanwhile may be what was refused.
    const [dying, ...others] = with_.filter((one) => one.dyingAtMs < atMs)
    const isAlone = others.length === 0 && with_.every((one) => one.openAtMs < beganAtMs)
    if (
      dying === undefined ||
      dying.dyingAtMs >= beganAtMs ||
      !isAlone ||
      !TAKEN[reason]?.includes(dying.kind)
    )
      return
    // A board that never had it refuses it too, which says nothing.
    const own = seenBy(worker, dying)
    if (own.hasPassed) own.refusedAtMs = Math.min(own.refusedAtMs, atMs)
  }

  return {
    tally,
    violated,
    answered(asked, answer, atMs) {
      if (asked.subjects.some((one) => asked.beganAtMs > one.deadAtMs)) tally.checksAfterAck += 1
      if (answer.kind === 'deny') return denied(asked, answer.reason, atMs)
      allowed(asked, atMs)
      if (asked.subjects.every((one) => one.dyingAtMs === NEVER)) tally.validAsked += 1
    },
    acknowledged(what, tookMs, boundMs, atMs) {
      if (tookMs > boundMs)
        violated('bound of an ack', atMs, `${what} took ${tookMs.toFixed(0)} ms`)
    },
    close() {
      for (const one of subjects) {
        if (one.deadAtMs === NEVER || one.allowedAtMs < one.dyingAtMs) continue
        tally.worstAgeMs = Math.max(tally.worstAgeMs, one.allowedAtMs - one.dyingAtMs)
      }
    },
  }
}

/**
 * What one worker must keep to inside: no number of the log is passed over, and nothing is
 * believed that was read before the last word about it was applied.
 */
export function createInside(deps: {
  readonly worker: string
  readonly nowMs: () => number
  readonly checks: Checks
}) {
  const { worker, nowMs, checks } = deps
  const heard = new Set<number>()
  const lastOf = new Map<string, number>()
  let followedTo = 0

  return {
    applied({ seq, scope, id }: { seq: number; scope: string; id: string }): void {
      if (seq > followedTo) heard.add(seq)
      const name = `${scope}:${id}`
      lastOf.set(name, Math.max(lastOf.get(name) ?? 0, seq))
    },
    startedOver(seq: number): void {
      followedTo = seq
      heard.clear()
    },
    installed(names: readonly string[], seq: number): void {
      for (const name of names) {
        if ((lastOf.get(name) ?? 0) <= seq) continue
        checks.violated('installed what was overtaken', nowMs(), `${worker}: ${name} at ${seq}`)
      }
    },
    /** After each call into the worker. */
    isAt(appliedSeq: number): void {
      while (followedTo < appliedSeq) {
        followedTo += 1
        if (heard.delete(followedTo)) continue
        checks.violated('a number was passed over', nowMs(), `${worker}: ${followedTo}`)
        followedTo = appliedSeq
      }
    },
  }
}
