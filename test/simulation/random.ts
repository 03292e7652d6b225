/** Everything that is drawn in one history: the same seed draws the same, in the same order. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, count). */
  below(count: number): number
  between(least: number, most: number): number
  isLucky(chance: number): boolean
  pick<T>(items: readonly T[]): T
  /** Another source of its own, so that drawing from one does not shift the other. */
  fork(): Random
}

/** Small and fast: four words of state, mixed by additions and rotations. */
export function createRandom(seed: number): Random {
  let a = Math.imul(seed | 0, 0x9e3779b1) | 0
  let b = Math.imul((seed / 0x1_0000_0000) | 0, 0x85ebca6b) ^ 0x243f6a88
  let c = 0x13198a2e
  let counter = 1

  function word(): number {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let warmUp = 0; warmUp < 12; warmUp++) word()

  const next = () => word() / 0x1_0000_0000
  const random: Random = {
    next,
    below: (count) => Math.floor(next() * count),
    between: (least, most) => least + next() * (most - least),
    isLucky: (chance) => next() < chance,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    fork: () => createRandom(word() * 0x10_0000 + (word() & 0xfffff)),
  }
  return random
}
