/** What happened, as one number, and as text if it is traced. */
export interface History {
  readonly isTraced: boolean
  /** Kinds are small numbers of one's own; equal histories note equal numbers in equal order. */
  note(kind: number, atMs: number, value: number): void
  say(atMs: number, text: string): void
  hash(): number
  lines(): readonly string[]
}

export function createHistory(isTraced: boolean): History {
  const lines: string[] = []
  let low = 0x811c9dc5
  let high = 0x1b873593

  function mix(word: number): void {
    low = Math.imul(low ^ word, 0x01000193)
    high = Math.imul((high ^ word) + (low >>> 13), 0x85ebca6b)
  }

  return {
    isTraced,
    note(kind, atMs, value) {
      mix(kind)
      mix((atMs * 1000) | 0)
      mix(value | 0)
    },
    say(atMs, text) {
      if (isTraced) lines.push(`${atMs.toFixed(3).padStart(10)} ms  ${text}`)
    },
    hash: () => (high >>> 11) * 0x1_0000_0000 + (low >>> 0),
    lines: () => lines,
  }
}
