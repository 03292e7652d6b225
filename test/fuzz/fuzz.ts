import { createDice } from './dice.ts'
import type { Input, Target } from './target.ts'

/** A case on which the two did not agree. */
export interface Disagreement {
  readonly target: string
  readonly reason: string
  readonly input: Input
}

export interface Outcome {
  readonly inputsCount: number
  readonly disagreements: readonly Disagreement[]
  /** How often each kind of outcome was seen; empty where a target does not count them. */
  readonly seen: ReadonlyMap<string, number>
}

/** After so many a target is broken, and more of the same would tell nothing new. */
export const DISAGREEMENTS_MAX = 10

/**
 * Judges cases of one target until `inputsCount` inputs were tried. The seed alone says which, and
 * a longer run begins with the cases of a shorter one. `tell` hears how many were tried so far; a
 * promise of it is waited for, and true ends the run.
 */
export async function fuzz(
  target: Target,
  options: {
    seed: string
    inputsCount: number
    tell?: (inputsCount: number) => undefined | Promise<boolean>
  },
): Promise<Outcome> {
  const { seed, inputsCount, tell } = options
  const dice = createDice(`${seed} ${target.name}`)
  const { draw, inputsOf, judge, narrow, seen, stop } = target.start()
  const disagreements: Disagreement[] = []
  let triedCount = 0
  while (triedCount < inputsCount && disagreements.length < DISAGREEMENTS_MAX) {
    const input = draw(dice)
    const judged = judge(input)
    const reason = judged instanceof Promise ? await judged : judged
    if (reason !== undefined) {
      const small = narrow === undefined ? input : await narrow(input)
      disagreements.push({ target: target.name, reason, input: small })
    }
    triedCount += inputsOf(input)
    const told = tell?.(triedCount)
    if (told !== undefined && (await told)) break
  }
  await stop?.()
  return { inputsCount: triedCount, disagreements, seen: seen?.() ?? new Map() }
}

/** What each target gets of all inputs: by its share, and at least one. */
export function shareOut(targets: readonly Target[], inputsCount: number): number[] {
  const sharesSum = targets.reduce((sum, { share }) => sum + share, 0)
  return targets.map(({ share }) => Math.max(1, Math.round((inputsCount * share) / sharesSum)))
}
