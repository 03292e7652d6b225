import type { Binding, Policy } from '../core/policy.ts'
import { compileRestrictions, NO_RESTRICTIONS } from '../core/restriction.ts'
import { compileRoutes } from '../core/route.ts'
import { compileRules } from '../core/rule.ts'
import { loadRouteTable, modifiedAtOf } from '../store/routes.ts'
import type { PolicyRows } from '../store/stores.ts'
import { createRefreshed } from './refresh.ts'

/** Owns the one current Policy: compiled whole, then swapped. */
export interface PolicyHolder {
  current(): Policy
  /** Rows are known to have changed and are not compiled yet: nothing may be allowed by them. */
  isStale(): boolean
  /** The same of restrictions alone, which public paths wait for too. */
  areRestrictionsStale(): boolean
  /** Compiles what is stale, which all rows are at first; rejects with the store's Fault. */
  load(): Promise<void>
  /** Compiles what is stale; true if nothing is stale after it. Never rejects. */
  refresh(): Promise<boolean>
  /** Says that the permissions in the store have changed, and begins to load them. */
  permissionsChanged(): void
  /** The same of the restrictions. Neither reloads the other. */
  restrictionsChanged(): void
  /** Reads the policy file again if it was replaced; a broken one keeps the old routes. */
  reloadRoutes(): Promise<void>
  /** Looks after the file every `everyMs`. */
  watch(everyMs: number): void
  close(): void
}

export interface PolicyOptions {
  readonly policyFile: string
  readonly policies: PolicyRows
  readonly cookieName: string
  readonly isCsrfRequired: boolean
  readonly binding: Binding
  /** Told of each swap and each refusal; `problems` say why the old policy stays. */
  readonly onChange: (change: PolicyChange) => void
  readonly onFault: (fault: unknown) => void
}

export type PolicySource = 'file' | 'permissions' | 'restrictions'

export type PolicyChange =
  | {
      readonly outcome: 'loaded'
      readonly source: PolicySource
      readonly version: number
    }
  | { readonly outcome: 'refused'; readonly source: 'file'; readonly problems: readonly string[] }
  | {
      readonly outcome: 'partial'
      readonly source: Exclude<PolicySource, 'file'>
      readonly problems: readonly string[]
    }

/** The policy cannot be put in force; the message lists every problem of it. */
class PolicyError extends Error {
  constructor(problems: readonly string[]) {
    super(`the policy is refused:\n${problems.map((text) => `  ${text}`).join('\n')}`)
    this.name = 'PolicyError'
  }
}

/** Loads the file; rejects with all problems of it. The rows are for `load`. */
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
    restrictions: NO_RESTRICTIONS,
    cookieName,
    isCsrfRequired,
    binding,
  }
  let timer: NodeJS.Timeout | undefined

  function swap(source: PolicySource, change: Partial<Policy>): void {
    current = { ...current, ...change, version: current.version + 1 }
    onChange({ outcome: 'loaded', source, version: current.version })
  }

  const permissions = createRefreshed(async () => {
    const { rows } = await policies.loadPermissions()
    const { rules, problems } = compileRules(rows)
    if (problems.length > 0) onChange({ outcome: 'partial', source: 'permissions', problems })
    swap('permissions', { rules })
  }, onFault)
  const restricted = createRefreshed(async () => {
    const { restrictions, problems } = compileRestrictions(await policies.loadRestrictions())
    if (problems.length > 0) onChange({ outcome: 'partial', source: 'restrictions', problems })
    swap('restrictions', { restrictions })
  }, onFault)
  const isStale = () => permissions.isStale() || restricted.isStale()

  async function refresh(): Promise<boolean> {
    await Promise.all([permissions.refresh(), restricted.refresh()])
    return !isStale()
  }

  async function reloadRoutes(): Promise<void> {
    const read = await loadRouteTable(policyFile)
    if ('table' in read) swap('file', { routes: compileRoutes(read.table) })
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
    if (isStale()) await refresh()
  }

  function watch(everyMs: number): void {
    timer = setTimeout(() => void look().finally(() => timer && watch(everyMs)), everyMs)
    timer.unref()
  }

  return {
    current: () => current,
    isStale,
    areRestrictionsStale: restricted.isStale,
    async load() {
      await Promise.all([permissions.load(), restricted.load()])
    },
    refresh,
    permissionsChanged: permissions.changed,
    restrictionsChanged: restricted.changed,
    reloadRoutes,
    watch,
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
