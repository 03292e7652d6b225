import re
def sub(p, pairs):
    s=open(p).read()
    for a,b in pairs:
        assert a in s, (p,a)
        s=s.replace(a,b,1)
    open(p,'w').write(s)

sub('src/store/board.ts',[
("/** A session that goes on while","""/** A key as the board keeps it: undecoded records. */
export interface PostedKey {
  readonly key: Uint8Array
  readonly principal: Uint8Array
}

/** Everything that is written for one key; its holder's principal is posted with it. */
export interface KeyPosting {
  readonly kid: string
  readonly uid: string
  readonly record: Uint8Array
  readonly version: number
  /** The board may forget it from here on. */
  readonly untilMs: number
}

/** A key with its holder, as it is written while sealing. */
export interface KeySealing extends KeyPosting {
  readonly principal: Uint8Array
  readonly principalVersion: number
}

/** A session that goes on while"""),
("  readonly principal:\n    | {","""  /** Keys that were removed, with a tombstone each, and keys as they are now. */
  readonly keys?: {
    readonly ended: readonly string[]
    readonly posted: readonly KeyPosting[]
  }
  readonly principal:
    | {"""),
("  touch(batch: readonly Touch[]): Promise<void>\n  /**\n   * `outdated`","""  /** Only keys of this very sealing count: older ones may have been removed since. */
  loadKey(kid: string): Promise<Loaded<PostedKey>>
  touch(batch: readonly Touch[]): Promise<void>
  /**
   * `outdated`"""),
("  /** Declares the board complete","""  /** As `prepare`, for keys. */
  prepareKeys(epochNumber: number, keys: readonly KeySealing[]): Promise<void>
  /** Declares the board complete"""),
("/** A raised generation","""/** Keys without an end, and the principals of all keys: as good as forever. */
export const KEY_UNTIL_MS = 4_102_444_800_000
/** A key that has expired is still known by its name for this long. */
export const KEY_GRACE_MS = 48 * 3_600_000
/** A raised generation"""),
])
s=open('src/store/board.ts').read()
s=s.replace("`isSealed`, `begin`, `prepare`, `seal`, `ping`, `leave` and\n * `close`","`isSealed`, `begin`, `prepare`, `prepareKeys`, `seal`, `ping`,\n * `leave` and `close`")
open('src/store/board.ts','w').write(s)

sub('src/store/scripts.ts',[
(" *   {dv}a ",""" *   {dv}k:<kid>  hash: b record, v version, u uid, n number of the sealing it belongs to
 *   {dv}x:<kid>  tombstone of a key
 *   {dv}a """),
("/** ARGV: run id, hash. */","""const POST_KEY = `
local function putKey(n, kid, uid, record, version, untilMs)
  if redis.call('EXISTS', '{dv}x:' .. kid) == 1 then return end
  local key = '{dv}k:' .. kid
  local known = redis.call('HMGET', key, 'v', 'n')
  -- What an earlier sealing left behind says nothing: Postgres is the truth.
  if known[2] == n and tonumber(known[1]) > tonumber(version) then return end
  redis.call('HSET', key, 'b', record, 'v', version, 'u', uid, 'n', n)
  redis.call('PEXPIREAT', key, untilMs)
end
`

/** ARGV: run id, kid. */
const LOAD_KEY = `${SEALED}
local seq = redis.call('GET', '{dv}seq')
local k = redis.call('HMGET', '{dv}k:' .. ARGV[2], 'b', 'u', 'n')
if not k[1] or k[3] ~= string.match(ep, '^%d+') then return { ep, seq } end
return { ep, seq, k[1], redis.call('HGET', '{dv}p:' .. k[2], 'b') }
`

/** ARGV: run id, hash. */"""),
(""" * count of kept, (hash, generation)…, and for a principal: uid, version, record, generation,
 * until, generation life.
 */
const APPLY = `${SEALED}${POST_PRINCIPAL}""",""" * count of kept, (hash, generation)…, count of removed keys, tombstone life and kid of each,
 * count of keys, (kid, uid, record, version, until)…, and for a principal: uid, version, record,
 * generation, until, generation life.
 */
const APPLY = `${SEALED}${POST_PRINCIPAL}${POST_KEY}"""),
("""  at = at + 2
end
if ARGV[at] then""","""  at = at + 2
end
local removed = tonumber(ARGV[at])
at = at + 1
for n = 1, removed do
  redis.call('DEL', '{dv}k:' .. ARGV[at])
  redis.call('SET', '{dv}x:' .. ARGV[at], '1', 'PX', ARGV[4])
  at = at + 1
end
local keys = tonumber(ARGV[at])
at = at + 1
for n = 1, keys do
  putKey(string.match(ep, '^%d+'), ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3],
    ARGV[at + 4])
  at = at + 5
end
if ARGV[at] then"""),
("/** ARGV: run id, epoch number, first seq. */","""/**
 * ARGV: run id, epoch number, until when principals are kept, then for each key: kid, uid,
 * record, version, until, principal version and record.
 */
const PREPARE_KEYS = `${FILLING}${POST_PRINCIPAL}${POST_KEY}
for at = 4, #ARGV, 7 do
  putKey(ARGV[2], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  redis.call('HDEL', '{dv}p:' .. ARGV[at + 1], 'v')
  post(ARGV[at + 1], ARGV[at + 5], ARGV[at + 6], ARGV[3])
end
return 1
`

/** ARGV: run id, epoch number, first seq. */"""),
("  load: LOAD,\n","  load: LOAD,\n  loadKey: LOAD_KEY,\n"),
("  prepare: PREPARE,\n","  prepare: PREPARE,\n  prepareKeys: PREPARE_KEYS,\n"),
])
s=open('src/store/scripts.ts').read()
s=s.replace("count of removed keys, tombstone life and kid of each,","count of removed keys, kids…,")
open('src/store/scripts.ts','w').write(s)

sub('src/store/redis-reply.ts',[
("import type { PostedFacts } from","import type { PostedFacts, PostedKey } from"),
("/** Reply of the script `heartbeat`. */","""/** Reply of the script `loadKey`. */
export function readLoadedKey(reply: unknown): Loaded<PostedKey> {
  const [epoch, seq, key, principal] = list(reply)
  const head = { epoch: latin(epoch), seq: number(seq) }
  if (key === undefined) return { ...head, found: undefined }
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(principal)) {
    throw new Fault('store_garbage', { about: 'a key without its holder' })
  }
  return { ...head, found: { key, principal } }
}

/** Reply of the script `heartbeat`. */"""),
])
sub('src/store/redis.ts',[
("import type { Board, Notice, Posting } from","import type { Board, KeyPosting, Notice, Posting } from"),
("  GENERATION_MS,\n","  GENERATION_MS,\n  KEY_UNTIL_MS,\n"),
("readHead, readLoaded }","readHead, readLoaded, readLoadedKey }"),
("    load: async (hash) => readLoaded(await run('load', hash)),\n","    load: async (hash) => readLoaded(await run('load', hash)),\n    loadKey: async (kid) => readLoadedKey(await run('loadKey', kid)),\n"),
("    async seal(epochNumber) {","""    async prepareKeys(epochNumber, keys) {
      const records = keys.flatMap((one) => [
        ...[...keyArguments(one), one.principalVersion, one.principal],
      ])
      await run('prepareKeys', epochNumber, KEY_UNTIL_MS, ...records)
    },
    async seal(epochNumber) {"""),
("""  const { scope, id, ended, kept, principal } = notice
  const until = Date.now() + TOMBSTONE_MS
""","""  const { scope, id, ended, kept, keys = { ended: [], posted: [] }, principal } = notice
  const until = keys.posted.length > 0 ? KEY_UNTIL_MS : Date.now() + TOMBSTONE_MS
"""),
("    ...(principal === undefined\n      ? []","    ...[keys.ended.length, ...keys.ended],\n    ...[keys.posted.length, ...keys.posted.flatMap(keyArguments)],\n    ...(principal === undefined\n      ? []"),
])
s=open('src/store/redis.ts').read()
s=s.replace("keys.flatMap((one) => [\n        ...[...keyArguments(one), one.principalVersion, one.principal],\n      ])","keys.flatMap((one) => [...keyArguments(one), one.principalVersion, one.principal])")
s+="""
function keyArguments({ kid, uid, record, version, untilMs }: KeyPosting): readonly Argument[] {
  return [kid, uid, record, version, untilMs]
}
"""
open('src/store/redis.ts','w').write(s)

sub('src/store/twin.ts',[
("import type { Board, Notice, Posting } from","import type { Board, KeyPosting, KeySealing, Notice, Posting } from"),
("  GENERATION_MS,\n","  GENERATION_MS,\n  KEY_UNTIL_MS,\n"),
("interface Principal {","interface KeyRow {\n  readonly posting: KeyPosting\n  readonly epochNumber: number\n}\n\ninterface Principal {"),
("  const { sessions, principals, generations, tombstones,","  const { sessions, principals, keys, generations, tombstones,"),
("    async touch(batch) {","""    async loadKey(kid) {
      const head = state.head()
      const row = keys.read(kid)
      if (row?.epochNumber !== state.epochNumber()) return { ...head, found: undefined }
      const principal = principals.read(row.posting.uid)
      if (principal === undefined) {
        throw new Fault('store_garbage', { about: 'a key without its holder' })
      }
      return { ...head, found: { key: row.posting.record, principal: principal.record } }
    },
    async touch(batch) {"""),
("    seal: async (epochNumber) => state.seal","""    async prepareKeys(epochNumber, sealings) {
      state.filling(epochNumber)
      for (const one of sealings) state.putSealing(one, epochNumber)
    },
    seal: async (epochNumber) => state.seal"""),
("  const tombstones = createExpiring<true>(nowMs)\n","  const tombstones = createExpiring<true>(nowMs)\n  const keys = createExpiring<KeyRow>(nowMs)\n  const removed = createExpiring<true>(nowMs)\n"),
("  return {\n    ...{ sessions, principals, gen","""  function putKey(posting: KeyPosting, epochNumber: number): void {
    const { kid, version, untilMs } = posting
    if (removed.read(kid) !== undefined) return
    const known = keys.read(kid)
    const isNewer = known !== undefined && known.posting.version > version
    if (isNewer && known.epochNumber === epochNumber) return
    keys.forget(kid)
    keys.remember(kid, { posting, epochNumber }, untilMs)
  }

  return {
    ...{ sessions, principals, keys, gen"""),
("    change({ ended, kept, principal }: Notice): void {","""    putSealing(one: KeySealing, epochNumber: number): void {
      putKey(one, epochNumber)
      post(one.uid, { record: one.principal, version: one.principalVersion }, KEY_UNTIL_MS)
    },
    change({ ended, kept, keys: changed, principal }: Notice): void {"""),
("      if (principal === undefined) return\n      post(principal.uid, principal, nowMs() + TOMBSTONE_MS)","""      for (const kid of changed?.ended ?? []) {
        keys.forget(kid)
        removed.remember(kid, true, nowMs() + TOMBSTONE_MS)
      }
      const posted = changed?.posted ?? []
      for (const one of posted) putKey(one, sealed ?? 0)
      if (principal === undefined) return
      post(principal.uid, principal, posted.length > 0 ? KEY_UNTIL_MS : nowMs() + TOMBSTONE_MS)"""),
("      for (const table of [sessions, principals, generations, tombstones]) table.sweep()","      const tables = [sessions, principals, keys, generations, tombstones, removed]\n      for (const table of tables) table.sweep()"),
])
sub('src/store/record.ts',[
("import type { Address }","import { type ApiKey, KEY_ALGORITHMS, type KeyRate } from '../core/api-key.ts'\nimport type { Address }"),
("const KINDS = { session: 1, principal: 2 } as const","const KINDS = { session: 1, principal: 2, key: 3 } as const"),
("/** The session that was written under","""export function encodeKey(key: ApiKey): Uint8Array {
  const { rate } = key
  return seal(KINDS.key, [
    key.kid,
    key.uid,
    key.algorithm,
    key.material,
    key.isV1Accepted,
    key.scopes,
    key.networks,
    key.state,
    key.expiresAtMs ?? null,
    rate === undefined ? null : [rate.perSecond, rate.burst],
    key.version,
  ])
}

/** The key that was written under `kid`; anything else is Fault `store_garbage`. */
export function decodeKey(bytes: Uint8Array, kid: string): ApiKey {
  const fields = unseal(KINDS.key, bytes, 11)
  const algorithm = KEY_ALGORITHMS.find((one) => one === fields[2])
  if (algorithm === undefined) throw garbage('a key has no known algorithm')
  const key: ApiKey = {
    kid: text(fields[0]),
    uid: text(fields[1]),
    algorithm,
    material: octets(fields[3]),
    isV1Accepted: truth(fields[4]),
    scopes: texts(fields[5]),
    networks: texts(fields[6]),
    state: text(fields[7]),
    expiresAtMs: fields[8] === null ? undefined : whole(fields[8]),
    rate: rateOf(fields[9]),
    version: whole(fields[10]),
  }
  // A record copied under another kid would let one key's holder pass for another's.
  if (key.kid !== kid) throw garbage('a key lies under a foreign kid')
  if (key.uid === '') throw garbage('a key has no holder')
  return key
}

/** The session that was written under"""),
("function text(value: unknown)","""function rateOf(value: unknown): KeyRate | undefined {
  if (value === null) return undefined
  if (!Array.isArray(value) || value.length !== 2) throw garbage('a rate has wrong fields')
  return { perSecond: whole(value[0]), burst: whole(value[1]) }
}

function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw garbage('a field is not a list')
  return value.map(text)
}

/** A copy: what was unpacked is a view of a buffer that the driver may use again. */
function octets(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw garbage('a field is not bytes')
  return new Uint8Array(value)
}

function text(value: unknown)"""),
])
sub('src/store/facts.ts',[
("import type { Facts } from '../core/principal.ts'","import type { KeyFacts } from '../core/api-key.ts'\nimport type { Facts } from '../core/principal.ts'\nimport type { KeyFactsSource } from './api-keys.ts'"),
("import type { Board, PostedFacts } from","import type { Board, PostedFacts, PostedKey } from"),
("import { decodePrincipal, decodeSession }","import { decodeKey, decodePrincipal, decodeSession }"),
("/** Undefined if the user's sessions","""/** The same for API keys, bound to the kid that was asked for. */
export function createKeyFacts(board: Board): KeyFactsSource {
  return {
    async load(kid) {
      const { epoch, seq, found } = await board.loadKey(kid)
      return { epoch, seq, found: found === undefined ? undefined : keyFactsOf(kid, found) }
    },
  }
}

function keyFactsOf(kid: string, posted: PostedKey): KeyFacts {
  const key = decodeKey(posted.key, kid)
  return { key, principal: decodePrincipal(posted.principal, key.uid) }
}

/** Undefined if the user's sessions"""),
])
sub('src/store/stores.ts',[
("import type { Activities, ActivityLog } from './activities.ts'","import type { Activities, ActivityLog } from './activities.ts'\nimport type { KeyFactsSource } from './api-keys.ts'"),
("  readonly facts: SessionFacts\n","  readonly facts: SessionFacts\n  readonly keys: KeyFactsSource\n"),
])
sub('src/store/join.ts',[
("import { createSessionFacts } from","import { createKeyFacts, createSessionFacts } from"),
("    facts: createSessionFacts(board),\n","    facts: createSessionFacts(board),\n    keys: createKeyFacts(board),\n"),
])
