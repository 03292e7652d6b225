import type { AuthorizerSizes } from './authorizer.ts'
import type { BoardLimits } from './board-state.ts'
import { CONNECT_TIMEOUT_MS } from './connection.ts'
import type { IdentityTimes } from './identity.ts'
import { createRandom, type Random } from './random.ts'

/** What can go wrong; how is drawn when it does. */
export type FaultKind =
  | 'pushes lost'
  | 'pushes late'
  | 'pushes cut'
  | 'connection cut'
  | 'out blocked'
  | 'in blocked'
  | 'both blocked'
  | 'slow link'
  | 'worker stopped'
  | 'worker stopped in waiting'
  | 'worker killed'
  | 'worker drained'
  | 'identity stopped'
  | 'identity cut off'
  | 'identity killed'
  | 'redis stopped'
  | 'redis restarted empty'
  | 'redis restarted behind'
  | 'redis gone'
  | 'redis failed over'
  | 'redis failed over young'
  | 'postgres restarted'
  | 'wall stepped'

export interface PlannedFault {
  readonly kind: FaultKind
  readonly atMs: number
  /** Over by then, whatever it was. */
  readonly untilMs: number
}

/** What a seed means, before anything happens. */
export interface Plan {
  readonly seed: number
  readonly theme: string
  readonly authorizersCount: number
  readonly identitiesCount: number
  readonly sizes: AuthorizerSizes
  readonly times: IdentityTimes
  readonly limits: BoardLimits
  readonly faults: readonly PlannedFault[]
  /** From here on all must be well. */
  readonly healthyFromMs: number
  /** Somebody is taken out about this often. */
  readonly revokeEveryMs: number
  /** Somebody signs in about this often, and asks. */
  readonly signInEveryMs: number
  readonly askEveryMs: number
  readonly endMs: number
}

/** How long a fault lasts, in leases, or a little more or less. */
const ALL_LEASES = [0.05, 0.25, 0.7, 1.4, 2.2] as const
const SLOW_LEASES = [1.4, 2.4] as const

/**
 * Histories are small, with everything close together: a step of theirs shows what is wrong as
 * often as one of a long history with many processes. Some are large all the same.
 */
const LEASE_MS = [300, 500, 500, 500, 800, 2_000] as const
const AUTHORIZERS = [2, 2, 2, 2, 3, 3, 5] as const
const IDENTITIES = [1, 1, 1, 2, 3] as const
const FAULTS_FROM_MS = 400
/** From here on a history without faults must be well. */
const HEALTHY_MS = 400
const FAULTS_WITHIN_LEASES = [0.3, 0.7, 1.2, 3] as const
const FAULTS_LEASES_MAX = 5
/** After the last fault: what it has left behind. */
const AFTER_MS = 100
/** Until all is well again, and long enough to see that it is. */
const SETTLE_MS = 1_500
/** Whoever knocks at a Redis that ends in that moment waits for an answer that never comes. */
const KNOCK_MS = CONNECT_TIMEOUT_MS
const WELL_MS = 600
const WELL_CHANCE = 0.3
const CALM_MS = 1_800
const SIGN_IN_EVERY_MS = 1_000
const ASK_EVERY_MS = 70
const END_MS_MAX = 20_000

interface Theme {
  readonly share: number
  readonly kinds: readonly FaultKind[]
  readonly least: number
  readonly most: number
  /** No fault is over soon. */
  readonly isSlow?: boolean
  readonly identitiesMin?: number
  readonly revokeEveryMs?: number
  readonly signInEveryMs?: number
  readonly askEveryMs?: number
}

const PUSHES = ['pushes lost', 'pushes late', 'pushes cut'] as const
const LINKS = [
  ...['connection cut', 'out blocked', 'in blocked', 'both blocked', 'slow link'],
] as readonly FaultKind[]
const PROCESSES = [
  ...[
    'worker stopped',
    'worker stopped in waiting',
    'worker killed',
    'worker drained',
    'identity stopped',
    'identity killed',
  ],
] as readonly FaultKind[]
const REDIS = ['redis stopped', 'redis restarted empty', 'redis restarted behind'] as const
const OTHERS = ['postgres restarted', 'wall stepped'] as const

const THEMES: Readonly<Record<string, Theme>> = {
  calm: { share: 10, kinds: [], least: 0, most: 0 },
  pushes: { share: 12, kinds: [...PUSHES, 'connection cut'], least: 1, most: 4 },
  stops: { share: 14, kinds: PROCESSES, least: 1, most: 4 },
  links: { share: 14, kinds: LINKS, least: 1, most: 4 },
  restarts: { share: 14, kinds: [...REDIS, 'postgres restarted'], least: 1, most: 3 },
  failover: { share: 14, kinds: ['redis failed over', ...LINKS, ...PUSHES], least: 1, most: 3 },
  clocks: {
    ...{ share: 8, least: 3, most: 6, isSlow: true, revokeEveryMs: 300 },
    kinds: ['wall stepped', 'wall stepped', 'out blocked', 'both blocked', 'worker stopped'],
  },
  split: {
    ...{ share: 6, least: 1, most: 2, isSlow: true, identitiesMin: 2, revokeEveryMs: 250 },
    kinds: ['redis failed over', 'redis failed over', 'out blocked'],
  },
  young: {
    ...{ share: 6, least: 1, most: 2, isSlow: true, identitiesMin: 2, revokeEveryMs: 200 },
    kinds: ['redis failed over young', 'slow link'],
  },
  ahead: {
    ...{ share: 6, least: 1, most: 2, isSlow: true, identitiesMin: 2 },
    ...{ revokeEveryMs: 150, signInEveryMs: 100, askEveryMs: 10 },
    kinds: ['identity cut off'],
  },
  outage: {
    ...{ share: 8, least: 1, most: 4, isSlow: true, revokeEveryMs: 300 },
    kinds: ['both blocked', 'out blocked', 'in blocked', 'redis gone', ...OTHERS, ...LINKS],
  },
  waiting: {
    ...{ share: 6, least: 2, most: 5, isSlow: true, revokeEveryMs: 350 },
    kinds: ['worker stopped in waiting', 'worker stopped'],
  },
  storm: {
    ...{ share: 14, least: 3, most: 7 },
    kinds: [...PUSHES, ...LINKS, ...PROCESSES, ...REDIS, ...OTHERS, 'redis failed over'],
  },
}
export const THEME_NAMES: readonly string[] = Object.keys(THEMES)

export function planOf(seed: number, onlyTheme?: string): Plan {
  const random = createRandom(seed).fork()
  const theme = onlyTheme ?? drawTheme(random)
  const { identitiesMin = 1, revokeEveryMs, ...drawn } = THEMES[theme] as Theme
  const { signInEveryMs = SIGN_IN_EVERY_MS, askEveryMs = ASK_EVERY_MS } = drawn
  const leaseMs = random.pick(LEASE_MS)
  const faults = drawFaults(random, drawn, leaseMs)
  const isReplicated = faults.some(({ kind }) => kind.startsWith('redis failed over'))
  return {
    ...{ seed, theme, faults },
    ...drawEnd(random, faults, leaseMs),
    authorizersCount: random.pick(AUTHORIZERS),
    identitiesCount: Math.max(identitiesMin, random.pick(IDENTITIES)),
    sizes: {
      ...{ leaseMs, heartbeatMs: leaseMs / random.pick([4, 8]) },
      entriesMax: random.pick([3, 60, 60]),
      ringEntriesMax: random.pick([2, 100_000, 100_000]),
      hasSecond: random.isLucky(theme === 'outage' ? 1 : 0.4),
    },
    times: { leaseMs, fenceMs: isReplicated ? 0.75 * leaseMs : 0, retryMs: 2_000 },
    limits: {
      logEntriesMax: random.pick([3, 100_000, 100_000]),
      sinceEntriesMax: random.pick([2, 10_000, 10_000]),
    },
    revokeEveryMs: revokeEveryMs ?? random.pick([200, 400, 800]),
    ...{ signInEveryMs, askEveryMs },
  }
}

/** Not every history is looked at until all is well again: most end a lease after their faults. */
function drawEnd(
  random: Random,
  faults: readonly PlannedFault[],
  leaseMs: number,
): Pick<Plan, 'healthyFromMs' | 'endMs'> {
  if (faults.length === 0) return { healthyFromMs: HEALTHY_MS, endMs: CALM_MS }
  const lastMs = Math.max(...faults.map(({ untilMs }) => untilMs))
  if (!random.isLucky(WELL_CHANCE)) {
    return { healthyFromMs: Number.POSITIVE_INFINITY, endMs: lastMs + leaseMs + AFTER_MS }
  }
  const isRedisLost = faults.some(({ kind }) => kind.startsWith('redis'))
  const healthyFromMs = lastMs + leaseMs + SETTLE_MS + (isRedisLost ? KNOCK_MS : 0)
  return { healthyFromMs, endMs: Math.min(END_MS_MAX, healthyFromMs + WELL_MS) }
}

function drawTheme(random: Random): string {
  const all = Object.entries(THEMES)
  let left = random.below(all.reduce((sum, [, { share }]) => sum + share, 0))
  for (const [name, { share }] of all) {
    if (left < share) return name
    left -= share
  }
  return 'storm'
}

function drawFaults(
  random: Random,
  { kinds, least, most, isSlow }: Theme,
  leaseMs: number,
): readonly PlannedFault[] {
  if (kinds.length === 0) return []
  const count = least + random.below(most - least + 1)
  const lastMs = FAULTS_FROM_MS + random.pick(FAULTS_WITHIN_LEASES) * leaseMs
  const faults: PlannedFault[] = []
  for (let at = 0; at < count; at++) {
    // The first is what the theme is named for.
    const kind = at === 0 ? (kinds[0] as FaultKind) : random.pick(kinds)
    const atMs = random.between(FAULTS_FROM_MS, lastMs)
    const forMs =
      random.pick(isSlow ? SLOW_LEASES : ALL_LEASES) * leaseMs * random.between(0.4, 1.2)
    const untilMs = Math.min(FAULTS_FROM_MS + FAULTS_LEASES_MAX * leaseMs, atMs + forMs)
    faults.push({ kind, atMs, untilMs })
  }
  return faults
}
