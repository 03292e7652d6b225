/** Edits beyond which two names have nothing to do with each other. */
const EDITS_MAX = 3

/** The name that was probably meant, or undefined if none is near. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestEdits = Math.min(EDITS_MAX, Math.floor(given.length / 3)) + 1
  for (const name of names) {
    if (Math.abs(name.length - given.length) >= bestEdits) continue
    const edits = countEdits(given, name)
    if (edits < bestEdits) {
      best = name
      bestEdits = edits
    }
  }
  return best
}

/** Levenshtein's distance, by rows. Both sides are names of ours or of nearly their length. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const swap = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
