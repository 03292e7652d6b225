import { type Burn, type BurnOutcome, CLOCK_STEP_MS } from './nonces.ts'

/** What the script `burn` does, inside this process. */
export function createTwinNonces(nowMs: () => number) {
  const burnedByKid = new Map<string, { nonces: Set<number>; untilMs: number }>()
  /** Undefined: nothing can have been burned before this board was sealed. */
  let sealedAtMs: number | undefined

  return {
    sealed(epochNumber: number): void {
      sealedAtMs = epochNumber === 1 ? undefined : nowMs()
    },
    burn({ kid, nonceMs, lifetimeMs, rememberedMax }: Burn): BurnOutcome {
      const now = nowMs()
      const keepMs = lifetimeMs + CLOCK_STEP_MS
      if (nonceMs <= now - keepMs) return 'stale'
      if (sealedAtMs !== undefined && nonceMs < sealedAtMs + lifetimeMs) return 'stale'
      const { nonces, untilMs } = burnedByKid.get(kid) ?? { nonces: new Set<number>(), untilMs: 0 }
      // In order of arrival, which is nearly that of age: whoever is out of order stays longer.
      for (const known of nonces) {
        if (known > now - keepMs) break
        nonces.delete(known)
      }
      if (nonces.has(nonceMs)) return 'used'
      if (nonces.size >= rememberedMax) return 'full'
      nonces.add(nonceMs)
      burnedByKid.set(kid, { nonces, untilMs: Math.max(untilMs, nonceMs + keepMs) })
      return 'burned'
    },
    sweep(): void {
      const now = nowMs()
      for (const [kid, { untilMs }] of burnedByKid) if (untilMs <= now) burnedByKid.delete(kid)
    },
  }
}
