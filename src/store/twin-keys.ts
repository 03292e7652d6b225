import { type KeyPosting, TOMBSTONE_MS } from './board.ts'
import { createExpiring } from './expiring.ts'

interface KeyRow {
  readonly posting: KeyPosting
  /** The sealing it belongs to. */
  readonly epochNumber: number | undefined
}

/** Keys in the twin of Redis, step for step what key-scripts.ts does. */
export function createTwinKeys(nowMs: () => number) {
  const keys = createExpiring<KeyRow>(nowMs)
  const tombstones = createExpiring<true>(nowMs)
  return {
    read(kid: string, epochNumber: number | undefined): KeyPosting | undefined {
      const row = keys.read(kid)
      return row?.epochNumber === epochNumber ? row?.posting : undefined
    },
    put(posting: KeyPosting, epochNumber: number | undefined): void {
      const { kid, version, untilMs } = posting
      if (tombstones.read(kid) !== undefined) return
      const known = keys.read(kid)
      const isNewer = known !== undefined && known.posting.version > version
      if (isNewer && known.epochNumber === epochNumber) return
      // Its end may have been brought forward, and a table only ever puts one off.
      keys.forget(kid)
      keys.remember(kid, { posting, epochNumber }, untilMs)
    },
    remove(kid: string): void {
      keys.forget(kid)
      tombstones.remember(kid, true, nowMs() + TOMBSTONE_MS)
    },
    sweep(): void {
      keys.sweep()
      tombstones.sweep()
    },
  }
}
