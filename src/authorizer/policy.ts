import type { Binding, Policy } from '../core/policy.ts'
import { compileRoutes, type Routes } from '../core/route.ts'
import { compileRules, type Rules } from '../core/rule.ts'
import type { Policies } from '../store/policies.ts'
import { loadRouteTable, modifiedAtOf } from '../store/routes.ts'

/** Owns the one current Policy: compiled whole, then swapped. */
export interface PolicyHolder {
  current(): Policy
  /** Rows are known to have changed and are not compiled yet: nothing may be allowed by them. */
  isStale(): boolean
  /** Compiles what is stale; true if nothing is stale after it. Never rejects. */
  refresh(): Promise<boolean>
  /** Says that the permissions in the store have changed, and begins to load them. */
  permissionsChanged(): void
  /** Reads the policy file again if it was replaced; a broken one keeps the old routes. */
  reloadRoutes(): Promise<void>
  /** Looks after the file every `everyMs`. */
  watch(everyMs: number): void
  close(): void
}

export interface PolicyOptions {
  readonly policyFile: string
  readonly policies: Pick<Policies, 'loadPermissions'>
  readonly cookieName: string
  readonly isCsrfRequired: boolean
  readonly binding: Binding
  /** Told of each swap and each refusal; `problems` say why the old policy stays. */
  readonly onChange: (change: PolicyChange) => void
  readonly onFault: (fault: unknown) => void
}

export type PolicyChange =
  | {
      readonly outcome: 'loaded'
      readonly source: 'file' | 'permissions'
      readonly version: number
    }
  | { readonly outcome: 'refused'; readonly source: 'file'; readonly problems: readonly string[] }
  | {
      readonly outcome: 'partial'
      readonly source: 'permissions'
      readonly problems: readonly string[]
    }

/** The policy cannot be put in force; the message lists every problem of it. */
class PolicyError extends Error {
  constructor(problems: readonly string[]) {
    super(`the policy is refused:\n${problems.map((text) => `  ${text}`).join('\n')}`)
    this.name = 'PolicyError'
  }
}

/** Loads file and rows; rejects with all problems of the file, or with the store's Fault. */
export async function openPolicy(options: PolicyOptions): Promise<PolicyHolder> {
  const { policyFile, policies, cookieName, isCsrfRequired, binding, onChange, onFault } = options
  const first = await loadRouteTable(policyFile)
  if ('problems' in first) throw new PolicyError(first.problems)
  let loadedAt = await modifiedAtOf(policyFile)
  let seenAt = loadedAt
  let current: Policy = {
    version: 0,
    routes: compileRoutes(first.table),
    rules: new Map(),
    cookieName,
    isCsrfRequired,
    binding,
  }
  /** How many changes of the rows are known, and how many of them are compiled. */
  let changesKnown = 1
  let changesCompiled = 0
  let refreshing: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined

  function swap(change: { readonly routes?: Routes; readonly rules?: Rules }): void {
    current = { ...current, ...change, version: current.version + 1 }
    const source = change.routes === undefined ? 'permissions' : 'file'
    onChange({ outcome: 'loaded', source, version: current.version })
  }

  async function loadRules(): Promise<boolean> {
    while (changesCompiled < changesKnown) {
      const target = changesKnown
      const { rows } = await policies.loadPermissions()
      const { rules, problems } = compileRules(rows)
      if (problems.length > 0) onChange({ outcome: 'partial', source: 'permissions', problems })
      swap({ rules })
      changesCompiled = target
    }
    return true
  }

  function refresh(): Promise<boolean> {
    if (changesCompiled === changesKnown) return Promise.resolve(true)
    refreshing ??= loadRules()
      .catch((fault: unknown) => {
        onFault(fault)
        return false
      })
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }

  async function reloadRoutes(): Promise<void> {
    const read = await loadRouteTable(policyFile)
    if ('table' in read) swap({ routes: compileRoutes(read.table) })
    else onChange({ outcome: 'refused', source: 'file', problems: read.problems })
  }

  /** A file is read when two looks in a row saw it alike: it may be half written at the first. */
  async function look(): Promise<void> {
    const before = seenAt
    seenAt = await modifiedAtOf(policyFile)
    if (seenAt !== loadedAt && seenAt === before) {
      loadedAt = seenAt
      await reloadRoutes()
    }
    if (changesCompiled !== changesKnown) await refresh()
  }

  function watch(everyMs: number): void {
    timer = setTimeout(() => void look().finally(() => timer && watch(everyMs)), everyMs)
    timer.unref()
  }

  await loadRules()
  return {
    current: () => current,
    isStale: () => changesCompiled !== changesKnown,
    refresh,
    permissionsChanged() {
      changesKnown++
      void refresh()
    },
    reloadRoutes,
    watch,
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
