import type { Check } from '../core/check.ts'
import type { Findings } from '../core/findings.ts'
import type { FindPlace } from '../core/place.ts'
import { type Candidate, type Outcome, reconsider } from '../core/reconsider.ts'
import { compileRestrictions } from '../core/restriction.ts'
import { compileRoutes, type Routes } from '../core/route.ts'
import { compileRules } from '../core/rule.ts'
import type { Answer } from '../core/verdict.ts'
import { loadCandidate } from '../store/candidate.ts'
import { modifiedAtOf } from '../store/routes.ts'

/** A policy that runs beside the live one, and decides nothing. */
export interface Shadow {
  /** After the reply: what would it have said? */
  readonly note: (answer: Answer, check: Check | undefined, found: Findings) => void
  /** The last differences, newest first, and how many there were of each kind. */
  report(): ShadowReport
  /** Reads the file again if it was replaced; a broken one keeps the old shadow. */
  look(): Promise<void>
  close(): void
}

/** One difference as operators are shown it. */
export interface ShadowDifference {
  /** RFC 3339, in UTC. */
  readonly at: string
  readonly live: Outcome
  readonly shadow: Outcome | 'unknown'
  readonly method: string
  readonly path: string
  readonly role: string | null
  readonly uid: string | null
}

export interface ShadowReport {
  readonly file: string
  /** Undefined until it was read. */
  readonly isInForce: boolean
  /** Why the file as it is now is not tried; empty if it is. */
  readonly problems: readonly string[]
  readonly compared: number
  readonly differences: readonly { from: Outcome; to: Outcome | 'unknown'; count: number }[]
  readonly last: readonly ShadowDifference[]
}

export interface ShadowOptions {
  readonly file: string
  /** One decision in so many is compared. */
  readonly every: number
  readonly isCsrfRequired: boolean
  /** Those in force. */
  readonly liveRoutes: () => Routes
  readonly findPlace: FindPlace
  readonly everyMs: number
  readonly nowMs: () => number
  readonly onCompared: (live: Outcome, shadow: Outcome | 'unknown') => void
  readonly onRead: (problems: readonly string[]) => void
}

const LAST_MAX = 100
const PATH_CHARS_MAX = 512

export function createShadow(options: ShadowOptions): Shadow {
  const { file, every, nowMs } = options
  const last: ShadowDifference[] = []
  const counts = new Map<string, { from: Outcome; to: Outcome | 'unknown'; count: number }>()
  let candidate: Candidate | undefined
  let problems: readonly string[] = ['not read yet']
  let compared = 0
  let skipped = 0
  let seenAt: string | undefined
  let loadedAt: string | undefined
  let timer: NodeJS.Timeout | undefined

  async function load(): Promise<void> {
    const read = await loadCandidate(file)
    const { rules, problems: odd } = compileRules(read.permissions ?? [])
    problems = [...read.problems, ...odd]
    options.onRead(problems)
    if (problems.length > 0) return
    candidate = {
      routes: read.table === undefined ? undefined : compileRoutes(read.table),
      rules: read.permissions === undefined ? undefined : rules,
      restrictions:
        read.restrictions === undefined
          ? undefined
          : { ...options, rows: compileRestrictions(read.restrictions).restrictions },
      isCsrfRequired: options.isCsrfRequired,
    }
  }

  /** A file is read when two looks in a row saw it alike: it may be half written at the first. */
  async function look(): Promise<void> {
    const before = seenAt
    seenAt = (await modifiedAtOf(file)) ?? 'gone'
    if (seenAt === loadedAt || (loadedAt !== undefined && seenAt !== before)) return
    loadedAt = seenAt
    await load()
  }

  function watch(): void {
    timer = setTimeout(() => void look().finally(() => timer && watch()), options.everyMs)
    timer.unref()
  }

  function remember(live: Outcome, shadow: Outcome | 'unknown', check: Check, role?: string) {
    const name = `${live} ${shadow}`
    const known = counts.get(name) ?? { from: live, to: shadow, count: 0 }
    counts.set(name, known)
    known.count++
    if (last.length === LAST_MAX) last.shift()
    return {
      ...{ at: new Date(nowMs()).toISOString(), live, shadow, method: check.method },
      path: check.path.slice(0, PATH_CHARS_MAX),
      role: role ?? null,
    }
  }

  watch()
  return {
    note(answer, check, { principal, credential }) {
      if (candidate === undefined || check === undefined) return
      skipped++
      if (skipped < every) return
      skipped = 0
      const live: Outcome = answer.kind === 'deny' ? answer.reason : 'none'
      const { method, path, address, csrfToken } = check
      const role = principal?.role
      const hasCsrfToken = csrfToken !== undefined
      const judged = { method, path, address, role, credential, hasCsrfToken, outcome: live }
      const shadow = reconsider(judged, candidate)
      compared++
      options.onCompared(live, shadow)
      if (shadow === live) return
      last.push({ ...remember(live, shadow, check, role), uid: principal?.uid ?? null })
    },
    report: () => ({
      ...{ file, isInForce: candidate !== undefined, problems, compared },
      differences: [...counts.values()],
      last: last.toReversed(),
    }),
    look,
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
