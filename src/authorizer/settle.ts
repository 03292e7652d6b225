import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { HashKey } from '../core/keyed-hash.ts'
import type { SharedBuckets } from '../core/shared-buckets.ts'
import type { Rates } from '../store/rates.ts'
import type { SettleOutcome } from '../telemetry/metrics-of-policy.ts'

/** Tells the other authorizers what was drawn, and learns what they drew: never on the way. */
export interface Settling {
  /** What names are hashed under, the same for all authorizers over one Redis. */
  hashKey(): HashKey
  /** Something was drawn. */
  readonly onDraw: (isUrgent: boolean) => void
  /** The buckets that are shared. */
  share(buckets: readonly SharedBuckets[]): void
  /** Learns the hash key; asks Redis once. Never rejects. */
  start(): Promise<void>
  /** Tells now what was drawn. Never rejects. */
  settle(): Promise<void>
  /** Tells the last draws. Never rejects. */
  drain(): Promise<void>
}

export interface SettlingOptions {
  readonly rates: Rates
  readonly clock: Pick<Clock, 'monotonicMs' | 'setTimer'>
  /** `renamed`: others use another hash key, as after Redis was emptied; counts begin anew. */
  readonly onOutcome: (outcome: SettleOutcome) => void
  readonly onFault: (fault: unknown) => void
}

/** Draws are told this long after the first of them, or at once where a chunk is nearly used. */
const SETTLE_AFTER_MS = 50
/** While Redis does not answer it is asked this often. */
const ASK_AGAIN_MS = 250
/** Names of one table that are told at a time. */
const NAMES_MAX = 2_000

export function createSettling(options: SettlingOptions): Settling {
  const { rates, clock, onOutcome, onFault } = options
  let shared: readonly SharedBuckets[] = []
  let key = randomBytes(8).toString('hex')
  let words = wordsOf(key)
  let cancel: (() => void) | undefined
  let running: Promise<void> | undefined
  let isAlone = true
  let isHurried = false
  let isDrained = false

  function become(alone: boolean): void {
    isAlone = alone
    for (const one of shared) one.setAlone(alone)
  }

  async function settle(one: SharedBuckets): Promise<void> {
    const draws = one.collect(NAMES_MAX)
    if (draws.length === 0 && !isAlone) return
    const told = await rates.settle(key, draws)
    if (told.key === key) {
      one.settled(told.levels, clock.monotonicMs())
      onOutcome('settled')
      return
    }
    key = told.key
    words = wordsOf(key)
    for (const each of shared) each.renamed()
    onOutcome('renamed')
  }

  /** A call whose fate is not known is told again: counted twice it errs on the closed side. */
  async function run(): Promise<void> {
    try {
      for (const one of shared) await settle(one)
      become(false)
    } catch (fault) {
      for (const one of shared) one.failed()
      become(true)
      onOutcome('fault')
      onFault(fault)
    }
    running = undefined
    if (isAlone) later(ASK_AGAIN_MS)
    else if (isHurried) hurry()
    else if (shared.some((one) => one.hasDraws())) later(SETTLE_AFTER_MS)
  }

  function flush(): Promise<void> {
    cancel?.()
    cancel = undefined
    isHurried = false
    running ??= run()
    return running
  }

  function later(ms: number): void {
    if (cancel === undefined && !isDrained) cancel = clock.setTimer(ms, () => void flush())
  }

  /** In a turn of its own: whoever draws waits for nothing. */
  function hurry(): void {
    if (isDrained) return
    isHurried = true
    cancel?.()
    cancel = clock.setTimer(0, () => void flush())
  }

  return {
    hashKey: () => words,
    onDraw(isUrgent) {
      if (isDrained || isHurried) return
      const isHurry = isUrgent && !isAlone
      if (running !== undefined) isHurried = isHurry
      else if (isHurry) hurry()
      else later(SETTLE_AFTER_MS)
    },
    share(buckets) {
      shared = buckets
      become(true)
    },
    start: flush,
    settle: flush,
    async drain() {
      isDrained = true
      await running
      await flush()
    },
  }
}

function wordsOf(key: string): HashKey {
  const bytes = Buffer.from(key, 'hex')
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)]
}
