/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The value below which that share (0 to 1) of values lies, between neighbours by proportion. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function mean(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** The unbiased variance; NaN of fewer than two. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN
  const middle = mean(values)
  let sum = 0
  for (const value of values) sum += (value - middle) ** 2
  return sum / (values.length - 1)
}

/**
 * Welch's t: how many standard errors apart two means are, the variances unequal. Zero where
 * neither side varies and the means agree; NaN where a side has fewer than two values.
 */
export function welchT(left: readonly number[], right: readonly number[]): number {
  const apart = mean(left) - mean(right)
  const errorSquared = variance(left) / left.length + variance(right) / right.length
  if (apart === 0 && errorSquared === 0) return 0
  return apart / Math.sqrt(errorSquared)
}
