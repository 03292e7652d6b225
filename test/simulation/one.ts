import type { Tally } from './checks.ts'
import { planFaults } from './faults.ts'
import { planOf } from './plan.ts'
import { planTraffic } from './traffic.ts'
import type { Variation } from './variation.ts'
import { createWorld } from './world.ts'

/** What came of one history. */
export interface Outcome {
  readonly seed: number
  readonly theme: string
  readonly tally: Tally
  readonly hash: number
  readonly callsCount: number
  /** Of a traced one. */
  readonly lines: readonly string[]
}

/** Runs the history of one seed to its end, or to its first violation. In a turn of its own. */
export function runSeed(
  seed: number,
  options: {
    readonly variation?: Variation
    readonly theme?: string
    readonly isTraced?: boolean
  } = {},
): Outcome {
  const { variation = {}, isTraced = false } = options
  const plan = planOf(seed, options.theme)
  const world = createWorld(plan, variation, isTraced)
  planFaults(world)
  planTraffic(world)
  const { schedule, checks, history } = world
  schedule.run(plan.endMs, () => checks.tally.violations.length > 0)
  checks.close()
  return {
    ...{ seed, theme: plan.theme, tally: checks.tally, hash: history.hash() },
    ...{ callsCount: schedule.callsCount(), lines: history.lines() },
  }
}
