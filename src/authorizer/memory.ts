import { createLease, type Lease } from '../cache/lease.ts'
import { createRing, nameOf, type Ring } from '../cache/ring.ts'
import { createTable, type Rememberable, type Table } from '../cache/table.ts'
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
      tagsOf,
      hashOf: hashOfSessionId,
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

/**
 * Our ids are drawn at random, so that a few of their characters are as good as all of them. They
 * are taken from both ends.
 */
function hashOfSessionId(text: string, from: number, length: number): number {
  const end = from + length
  const first =
    text.charCodeAt(from) |
    (text.charCodeAt(from + 1) << 8) |
    (text.charCodeAt(from + 2) << 16) |
    (text.charCodeAt(from + 3) << 24)
  const last =
    text.charCodeAt(end - 1) |
    (text.charCodeAt(end - 2) << 8) |
    (text.charCodeAt(end - 3) << 16) |
    (text.charCodeAt(end - 4) << 24)
  return Math.imul(first, 0x9e3779b1) ^ Math.imul(last, 0x85ebca6b)
}

/** Under which names an invalidation asks the table for these facts. */
function tagsOf({ session }: Pick<Facts, 'session'>): readonly string[] {
  return [nameOf('session', session.hash), nameOf('user', session.uid)]
}

/** All of it as one, for invalidations: a name may stand in any of the tables. */
export function rememberedOf({
  table,
  keys,
}: Memory): Pick<Table<Rememberable>, 'forgetTagged' | 'forgetAll'> {
  const tables: Pick<Table<Rememberable>, 'forgetTagged' | 'forgetAll'>[] = [
    ...[table, keys.known, keys.unknown],
  ]
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
