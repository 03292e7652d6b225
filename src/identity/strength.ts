/** zxcvbn takes 285 ms for 320 characters; what follows the first 72 only adds strength. */
const STRENGTH_LENGTH_MAX = 72

/** Bits: log2 of the guesses that a good attacker needs. `hints` are words it would try first. */
export type Strength = (password: string, hints?: readonly string[]) => Promise<number>

async function loadEstimator(): Promise<(password: string, hints: string[]) => number> {
  // 150 ms and 10 MB of dictionaries: loaded with the first password that is set, not at start.
  const { ZxcvbnFactory } = (await import('@zxcvbn-ts/core')).default
  const common = (await import('@zxcvbn-ts/language-common')).default
  const english = (await import('@zxcvbn-ts/language-en')).default
  const estimator = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
  })
  return (password, hints) => estimator.check(password, hints).guessesLog10 * Math.log2(10)
}

export function createStrength(): Strength {
  let estimator: ReturnType<typeof loadEstimator> | undefined
  return async (password, hints = []) => {
    estimator ??= loadEstimator()
    const estimate = await estimator
    const bits = estimate(password.slice(0, STRENGTH_LENGTH_MAX), [...hints])
    return Math.round(bits * 10) / 10
  }
}
