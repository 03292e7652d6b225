import { createLease, type Lease } from '../cache/lease.ts'
import { createRing, nameOf, type Ring } from '../cache/ring.ts'
import { createTable, type Table } from '../cache/table.ts'
import type { Config } from '../config/settings.ts'
import type { Check } from '../core/check.ts'
import { findSessionId, SESSION_ID_CHARS } from '../core/credential.ts'
import { EVERY_SESSION } from '../core/invalidation.ts'
import type { Facts } from '../core/principal.ts'
import type { Entry } from './grants.ts'
import { createKeyMemory, type KeyMemory } from './key-memory.ts'

/** However often it is used, an entry is read anew after this long. */
const ENTRY_AGE_MS_MAX = 10 * 60_000

/** What one authorizer remembers and believes. */
export interface Memory {
  readonly table: Table<Entry>
  readonly keys: KeyMemory
  readonly lease: Lease
  readonly ring: Ring
}

export function createMemory(
  config: Pick<Config, 'sessionsMax' | 'apikeysMax'> & { readonly leaseMs: number },
  monotonicMs: () => number,
  unknownKeysMax?: number,
): Memory {
  return {
    table: createTable<Entry>({
      entriesMax: config.sessionsMax,
      ageMsMax: ENTRY_AGE_MS_MAX,
      tagsOf: ({ facts }) => tagsOf(facts),
      monotonicMs,
    }),
    keys: createKeyMemory({
      ...{ keysMax: config.apikeysMax, monotonicMs },
      ...(unknownKeysMax === undefined ? {} : { unknownMax: unknownKeysMax }),
    }),
    lease: createLease(config.leaseMs),
    ring: createRing(),
  }
}

/** What is remembered of the session of a cookie that is spelt as usual. */
export function recallPresented(
  table: Pick<Table<Entry>, 'recallPart'>,
  { apiKey, cookies }: Check,
  cookieName: string,
  atMs: number,
): Entry | undefined {
  const from = apiKey === undefined ? findSessionId(cookies, cookieName) : -1
  return from === -1 ? undefined : table.recallPart(cookies, from, SESSION_ID_CHARS, atMs)
}

/** Under which names an invalidation asks the table for these facts. */
function tagsOf({ session }: Facts): readonly string[] {
  return [nameOf('session', session.hash), nameOf('user', session.uid)]
}

/** All of it as one, for invalidations: a name may stand in any of the tables. */
export function rememberedOf({
  table,
  keys,
}: Memory): Pick<Table<object>, 'forgetTagged' | 'forgetAll'> {
  const tables = [table, keys.known, keys.unknown]
  return {
    forgetTagged: (tag) => tables.reduce((count, one) => count + one.forgetTagged(tag), 0),
    forgetAll() {
      for (const one of tables) one.forgetAll()
    },
  }
}

/** Under which names an invalidation may call these facts untrue. */
export function namesOf(facts: Facts): readonly string[] {
  return [...tagsOf(facts), nameOf('session', EVERY_SESSION)]
}
