import { ACK_PATHS, type AckPath } from '../telemetry/metrics-of-revocation.ts'

/** One ops listener, by its page of metrics. What its process does not count is null. */
export interface Listener {
  readonly address: string
  readonly process: 'authorizer' | 'identity'
  readonly workers: number
  readonly leaseRemainingMs: number | null
  readonly appliedSeq: number | null
  readonly headSeq: number | null
  readonly gaps: number
  /** Loads that were overtaken by an invalidation, and made again. */
  readonly fillsRefused: number
  readonly epochChanges: number
  readonly secondLeases: number
  readonly acks: Readonly<Record<AckPath, Acks>>
  /** Authorizers that a change waits for, as this process sees it. */
  readonly members: number | null
  readonly notInForce: number
  readonly pruned: number
}

/** How long acknowledgements took. */
export interface Acks {
  readonly count: number
  /** Up to each bound, those below it included; what took longer is only in `count`. */
  readonly buckets: readonly { readonly leMs: number; readonly count: number }[]
}

interface Sample {
  readonly labels: string
  readonly value: number
}

const SAMPLE = /^(dvara_[a-z_]+)(?:\{([^}]*)\})? (\S+)$/gm

/** Reads a page of metrics; throws if it is no page of ours. */
export function readListener(page: string): Omit<Listener, 'address'> {
  const samples = new Map<string, Sample[]>()
  for (const [, name = '', labels = '', value] of page.matchAll(SAMPLE)) {
    const known = samples.get(name) ?? []
    known.push({ labels, value: Number(value) })
    samples.set(name, known)
  }
  const build = samples.get('dvara_build_info')?.[0]
  if (build === undefined) throw new Error('it is no ops listener of dvara')
  const all = (name: string, label = '') =>
    (samples.get(name) ?? []).filter(({ labels }) => labels.includes(label))
  const sum = (name: string, label = '') =>
    all(name, label).reduce((total, { value }) => total + value, 0)
  const one = (name: string) => all(name)[0]?.value ?? null
  const leaseS = one('dvara_lease_remaining_seconds')
  const acks = ACK_PATHS.map((path) => [path, readAcks(all, path)] as const)
  return {
    // Only who decides lives on a lease.
    process: leaseS === null ? 'identity' : 'authorizer',
    workers: sum('dvara_workers'),
    leaseRemainingMs: leaseS === null ? null : Math.max(0, Math.round(leaseS * 1000)),
    appliedSeq: one('dvara_log_applied_seq'),
    headSeq: one('dvara_log_head_seq'),
    gaps: sum('dvara_log_gaps_total'),
    fillsRefused: sum('dvara_loads_total', 'outcome="overtaken"'),
    epochChanges: sum('dvara_epoch_changes_total'),
    secondLeases: sum('dvara_second_leases'),
    acks: Object.fromEntries(acks) as Record<AckPath, Acks>,
    members: one('dvara_members'),
    notInForce: sum('dvara_revocations_not_in_force_total'),
    pruned: sum('dvara_members_pruned_total'),
  }
}

function readAcks(all: (name: string, label?: string) => readonly Sample[], path: AckPath): Acks {
  const name = 'dvara_revocation_ack_seconds'
  const label = `path="${path}"`
  const buckets = all(`${name}_bucket`, label).flatMap(({ labels, value }) => {
    const leS = Number(/le="([^"]*)"/.exec(labels)?.[1])
    return Number.isFinite(leS) ? [{ leMs: leS * 1000, count: value }] : []
  })
  return { count: all(`${name}_count`, label)[0]?.value ?? 0, buckets }
}
