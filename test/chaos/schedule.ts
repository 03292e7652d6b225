import { FAULT_NAMES, FAULTS, type FaultName } from './faults.ts'

/** Which faults are struck, again and again in another order; the same seed, the same order. */
export function* scheduleFaults(
  names: readonly FaultName[],
  random: () => number,
): Generator<FaultName, never> {
  for (;;) {
    const left = [...names]
    while (left.length > 0) {
      yield left.splice(Math.floor(random() * left.length), 1)[0] as FaultName
    }
  }
}

/** What a stand can have, and why it cannot have the rest. */
export function chooseFaults(
  only: readonly FaultName[] | undefined,
  hasReplica: boolean,
): { readonly names: readonly FaultName[]; readonly skipped: ReadonlyMap<FaultName, string> } {
  const skipped = new Map<FaultName, string>()
  const names = FAULT_NAMES.filter((name) => {
    if (only !== undefined && !only.includes(name)) return false
    if (FAULTS[name].needsReplica !== true || hasReplica) return true
    skipped.set(name, 'there is no replica')
    return false
  })
  return { names, skipped }
}
