import type { AuthorizerSizes } from './authorizer.ts'
import type { BoardLimits } from './board-state.ts'
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
  readonly endMs: number
}

/** How long a fault lasts, or a little more or less. */
const ALL_MS = [60, 400, 1_200, 3_000, 6_000] as const
const SLOW_MS = [3_000, 6_000] as const

/**
 * Most histories are small, with everything close together: a step of theirs shows what is wrong
 * as often as one of a long history with many processes. Some are large all the same.
 */
const AUTHORIZERS = [2, 2, 2, 2, 3, 3, 5] as const
const IDENTITIES = [1, 1, 1, 2, 3] as const
const FAULTS_FROM_MS = 1_200
const FAULTS_WITHIN_MS = [1_000, 2_000, 3_000, 9_000] as const
const FAULTS_UNTIL_MS = 14_000
/** Long enough to see that all is well again. */
const WELL_MS = 1_200
const CALM_MS = 4_000
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
  pushes: { share: 12, kinds: [...PUSHES, 'connection cut'], least: 2, most: 8 },
  stops: { share: 14, kinds: PROCESSES, least: 2, most: 7 },
  links: { share: 14, kinds: LINKS, least: 2, most: 7 },
  restarts: { share: 14, kinds: [...REDIS, 'postgres restarted'], least: 1, most: 4 },
  failover: { share: 14, kinds: ['redis failed over', ...LINKS, ...PUSHES], least: 1, most: 4 },
  clocks: {
    ...{ share: 8, least: 4, most: 9, isSlow: true, revokeEveryMs: 600 },
    kinds: ['wall stepped', 'wall stepped', 'out blocked', 'both blocked', 'worker stopped'],
  },
  split: {
    ...{ share: 6, least: 1, most: 3, isSlow: true, identitiesMin: 2, revokeEveryMs: 400 },
    kinds: ['redis failed over', 'redis failed over', 'out blocked'],
  },
  young: {
    ...{ share: 6, least: 1, most: 2, isSlow: true, identitiesMin: 2, revokeEveryMs: 300 },
    kinds: ['redis failed over young', 'slow link'],
  },
  outage: {
    ...{ share: 8, least: 2, most: 5, isSlow: true, revokeEveryMs: 500 },
    kinds: ['both blocked', 'out blocked', 'in blocked', 'redis gone', ...OTHERS, ...LINKS],
  },
  waiting: {
    ...{ share: 6, least: 4, most: 8, isSlow: true, revokeEveryMs: 600 },
    kinds: ['worker stopped in waiting', 'worker stopped'],
  },
  storm: {
    ...{ share: 14, least: 4, most: 12 },
    kinds: [...PUSHES, ...LINKS, ...PROCESSES, ...REDIS, ...OTHERS, 'redis failed over'],
  },
}
export const THEME_NAMES: readonly string[] = Object.keys(THEMES)

export function planOf(seed: number, onlyTheme?: string): Plan {
  const random = createRandom(seed).fork()
  const theme = onlyTheme ?? drawTheme(random)
  const { identitiesMin = 1, revokeEveryMs, ...drawn } = THEMES[theme] as Theme
  const faults = drawFaults(random, drawn)
  const isReplicated = faults.some(({ kind }) => kind.startsWith('redis failed over'))
  const leaseMs = random.pick([1_000, 2_000, 2_000, 2_000])
  const settleMs = leaseMs + 1_500
  const lastMs = Math.max(0, ...faults.map(({ untilMs }) => untilMs))
  const healthyFromMs = faults.length === 0 ? 1_000 : lastMs + settleMs
  return {
    ...{ seed, theme, faults, healthyFromMs },
    endMs: faults.length === 0 ? CALM_MS : Math.min(END_MS_MAX, healthyFromMs + WELL_MS),
    authorizersCount: random.pick(AUTHORIZERS),
    identitiesCount: Math.max(identitiesMin, random.pick(IDENTITIES)),
    sizes: {
      ...{ leaseMs, heartbeatMs: leaseMs / 8 },
      entriesMax: random.pick([3, 60, 60]),
      ringEntriesMax: random.pick([2, 100_000, 100_000]),
      hasSecond: random.isLucky(theme === 'outage' ? 1 : 0.4),
    },
    times: { leaseMs, fenceMs: isReplicated ? 1_500 : 0, retryMs: 2_000 },
    limits: {
      logEntriesMax: random.pick([3, 100_000, 100_000]),
      sinceEntriesMax: random.pick([2, 10_000, 10_000]),
    },
    revokeEveryMs: revokeEveryMs ?? random.pick([400, 800, 1_600]),
  }
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
): readonly PlannedFault[] {
  if (kinds.length === 0) return []
  const count = least + random.below(most - least + 1)
  const lastMs = FAULTS_FROM_MS + random.pick(FAULTS_WITHIN_MS)
  const faults: PlannedFault[] = []
  for (let at = 0; at < count; at++) {
    // The first is what the theme is named for.
    const kind = at === 0 ? (kinds[0] as FaultKind) : random.pick(kinds)
    const atMs = random.between(FAULTS_FROM_MS, lastMs)
    const forMs = random.pick(isSlow ? SLOW_MS : ALL_MS) * random.between(0.4, 1.2)
    faults.push({ kind, atMs, untilMs: Math.min(FAULTS_UNTIL_MS, atMs + forMs) })
  }
  return faults
}
