import type { Draw } from '../core/shared-buckets.ts'
import { RATE_DEBTS_MAX, RATE_NAMES_MAX, type Rates } from './rates.ts'

/** What the script `settle` does, inside this process. */
export function createTwinRates(nowMs: () => number) {
  const buckets = new Map<string, { level: number; atMs: number; untilMs: number }>()
  let hashKey: string | undefined

  function sweep(): void {
    const now = nowMs()
    for (const [name, { untilMs }] of buckets) if (untilMs <= now) buckets.delete(name)
  }

  function draw({ name, limit: { perMs, full }, drawn }: Draw): number | undefined {
    const now = nowMs()
    const found = buckets.get(name)
    const known = found !== undefined && found.untilMs > now ? found : undefined
    const atMs = Math.max(now, known?.atMs ?? 0)
    const refill = known === undefined ? full : known.level + (atMs - known.atMs) * perMs
    const level = Math.min(full, Math.max(Math.min(full, refill) - drawn, -RATE_DEBTS_MAX * full))
    if (level === full) {
      buckets.delete(name)
      return full
    }
    if (known === undefined && buckets.size >= RATE_NAMES_MAX) sweep()
    if (known === undefined && buckets.size >= RATE_NAMES_MAX) return undefined
    buckets.set(name, { level, atMs, untilMs: atMs + Math.ceil((full - level) / perMs) })
    return level
  }

  const rates: Rates = {
    async settle(key, draws) {
      hashKey ??= key
      return hashKey === key ? { key, levels: draws.map(draw) } : { key: hashKey, levels: [] }
    },
  }
  return { ...rates, sweep }
}
