import { createLease, type Lease } from '../cache/lease.ts'
import { createRing, nameOf, type Ring } from '../cache/ring.ts'
import { createTable, type Table } from '../cache/table.ts'
import type { Config } from '../config/settings.ts'
import type { Facts } from '../core/principal.ts'
import type { Entry } from './grants.ts'

/** However often it is used, an entry is read anew after this long. */
const ENTRY_AGE_MS_MAX = 10 * 60_000

/** What one authorizer remembers and believes. */
export interface Memory {
  readonly table: Table<Entry>
  readonly lease: Lease
  readonly ring: Ring
}

export function createMemory(
  config: Pick<Config, 'sessionsMax' | 'leaseMs'>,
  monotonicMs: () => number,
): Memory {
  return {
    table: createTable<Entry>({
      entriesMax: config.sessionsMax,
      ageMsMax: ENTRY_AGE_MS_MAX,
      tagsOf: ({ facts }) => namesOf(facts),
      monotonicMs,
    }),
    lease: createLease(config.leaseMs),
    ring: createRing(),
  }
}

/** Under which names an invalidation may call these facts untrue. */
export function namesOf({ session }: Facts): readonly string[] {
  return [nameOf('session', session.hash), nameOf('user', session.uid)]
}
