/** What use has done to a world: sessions that were slid, nonces that were used up. */
export interface History {
  readonly idleAtMs: Map<string, number>
  readonly burned: Set<string>
}

export function createHistory(): History {
  return { idleAtMs: new Map(), burned: new Set() }
}
