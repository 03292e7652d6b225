import type { Census } from '../store/members.ts'
import { ACK_PATHS, type AckPath } from '../telemetry/metrics-of-revocation.ts'
import type { Acks, Listener } from './members-metrics.ts'

/** Somebody who was asked and did not tell; the problem says what to do. */
export interface Silent {
  readonly problem: string
}

export interface MemberRow {
  readonly worker: string
  readonly since: string | null
  readonly beatAgeMs: number | null
  readonly appliedSeq: number
  /** Entries of the log that it has not said it applied. */
  readonly behind: number
}

export interface AckRow extends Acks {
  /** Upper bounds of the buckets they fall into; null: none yet, or beyond the last bound. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** What `dvara members --json` prints. */
export interface MembersReport {
  /** Of Redis; null if it was not, or could not be, asked. */
  readonly list: {
    readonly epoch: string
    readonly headSeq: number
    readonly members: readonly MemberRow[]
  } | null
  readonly listeners: readonly Omit<Listener, 'acks'>[]
  /** Of all listeners together. */
  readonly acknowledged: Readonly<Record<AckPath, AckRow>>
  /** What is not as it should be, each with what to do. */
  readonly amiss: readonly string[]
}

export function reportOf(given: {
  readonly list: Census | Silent | undefined
  readonly listeners: readonly (Listener | Silent)[]
  readonly leaseMs: number
}): MembersReport {
  const { leaseMs } = given
  const amiss: string[] = []
  const told = <T extends object>(one: T | Silent): one is T => {
    if (!('problem' in one)) return true
    amiss.push(one.problem)
    return false
  }
  const census = given.list !== undefined && told(given.list) ? given.list : undefined
  const listeners = given.listeners.filter(told)
  const list = census === undefined ? null : listOf(census)
  if (list !== null) amiss.push(...ailsOfList(list.members, leaseMs))
  for (const one of listeners) amiss.push(...ailsOf(one))
  const acks = ACK_PATHS.map((path) => [path, sumOf(listeners.map((one) => one.acks[path]))])
  return {
    list,
    listeners: listeners.map(({ acks: _, ...rest }) => rest),
    acknowledged: Object.fromEntries(acks) as MembersReport['acknowledged'],
    amiss,
  }
}

function listOf({ epoch, seq, nowMs, members }: Census): NonNullable<MembersReport['list']> {
  const rows = members.map(({ worker, appliedSeq, sinceMs, beatAtMs }) => ({
    worker,
    since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
    // A clock that was set back between the two readings.
    beatAgeMs: beatAtMs === undefined ? null : Math.max(0, nowMs - beatAtMs),
    appliedSeq,
    behind: Math.max(0, seq - appliedSeq),
  }))
  rows.sort((one, other) => (one.worker < other.worker ? -1 : 1))
  return { epoch, headSeq: seq, members: rows }
}

function ailsOfList(members: readonly MemberRow[], leaseMs: number): string[] {
  if (members.length === 0) {
    return ['no authorizer is on the list: does one run, and with this Redis?']
  }
  return members
    .filter(({ beatAgeMs }) => beatAgeMs !== null && beatAgeMs > leaseMs)
    .map(
      ({ worker, beatAgeMs }) =>
        `${worker} has not beaten for ${beatAgeMs} ms, longer than a lease: it refuses ` +
        'everything, and changes wait for it; an identity API takes it off within two leases: ' +
        'does one run?',
    )
}

function ailsOf({ address, leaseRemainingMs, secondLeases }: Listener): string[] {
  const ails: string[] = []
  if (leaseRemainingMs === 0) {
    ails.push(
      `a worker behind ${address} has no lease and refuses: it does not reach Redis, or nobody ` +
        'has filled that; its log says which',
    )
  }
  if (secondLeases > 0) {
    ails.push(
      `${secondLeases} workers behind ${address} go by Postgres because Redis does not answer ` +
        'them: changes wait a lease; see docs/without-redis.md',
    )
  }
  return ails
}

function sumOf(acks: readonly Acks[]): AckRow {
  const count = acks.reduce((sum, one) => sum + one.count, 0)
  const counts = new Map<number, number>()
  for (const { buckets } of acks) {
    for (const { leMs, count: own } of buckets) counts.set(leMs, (counts.get(leMs) ?? 0) + own)
  }
  const buckets = [...counts].map(([leMs, below]) => ({ leMs, count: below }))
  buckets.sort((one, other) => one.leMs - other.leMs)
  const at = (part: number) =>
    count === 0 ? null : (buckets.find((one) => one.count >= part * count)?.leMs ?? null)
  return { count, buckets, p50Ms: at(0.5), p99Ms: at(0.99) }
}
