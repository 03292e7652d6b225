import { createAuthorize, type Dependencies } from '../../src/authorizer/authorize.ts'
import { createFollower, type Follower } from '../../src/authorizer/follow.ts'
import { createMemory, type Memory, rememberedOf } from '../../src/authorizer/memory.ts'
import { openFactFlights } from '../../src/authorizer/open-facts.ts'
import { openKeyDependencies } from '../../src/authorizer/open-keys.ts'
import { createRefreshed } from '../../src/authorizer/refresh.ts'
import { createToucher } from '../../src/authorizer/touch.ts'
import { createRing, type Ring } from '../../src/cache/ring.ts'
import type { Clock } from '../../src/core/clock.ts'
import { wordIdentity } from '../../src/core/identity-lines.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'
import type { Policy } from '../../src/core/policy.ts'
import { compileRules } from '../../src/core/rule.ts'
import type { Authorize } from '../../src/core/verdict.ts'
import type { VerifyingEngine } from '../../src/crypto/request-verifier.ts'
import type { Database } from '../../src/store/database.ts'
import { createKeyFacts, createSessionFacts } from '../../src/store/facts.ts'
import { createSecondLeases } from '../../src/store/second-leases.ts'
import type { Loaded } from '../../src/store/sessions.ts'
import { createPermissions } from '../../src/store/sql-policies.ts'
import { NO_LIMITS } from '../authorizer/world.ts'
import { policyOf } from '../core/facts.ts'
import { IDLE_MS } from './cast.ts'
import type { Link } from './link.ts'
import type { Machine } from './machine.ts'
import type { Variation } from './variation.ts'

/** One authorizer process: the product's modules, joined as its start joins them. */
export interface Authorizer {
  readonly name: string
  readonly machine: Machine
  readonly link: Link
  readonly authorize: Authorize
  readonly follower: Follower
  /** Whether it is asked at all: not before its first heartbeat, nor once it drains. */
  isServing(): boolean
  drain(): Promise<void>
}

/** Told of what no client sees. */
export interface Inside {
  applied(message: Invalidation): void
  startedOver(seq: number): void
  /** Read at `seq` and believed, under these names. */
  installed(names: readonly string[], seq: number): void
}

export interface AuthorizerSizes {
  readonly leaseMs: number
  readonly heartbeatMs: number
  readonly entriesMax: number
  readonly ringEntriesMax: number
  /** Whether it goes on by Postgres' word while Redis is away. */
  readonly hasSecond: boolean
}

export const COOKIE_NAME = 'dvara_session'
const TOUCH_EVERY_MS = 300
const TOUCH_FLUSH_MS = 100

/** Signatures are not what is tried here: all of them are right. */
const TRUSTING: VerifyingEngine = {
  hmacKeys: { prepare: () => ({ verifyHex: () => true, forget: () => undefined }) },
  publicKeys: { prepare: () => ({ verify: () => true, forget: () => undefined }) },
}
const UNCOUNTED = {
  ...{ countLoad: () => undefined, countHit: () => undefined, countMiss: () => undefined },
  countBurn: () => undefined,
}

export function startAuthorizer(deps: {
  readonly machine: Machine
  readonly link: Link
  readonly database: Database
  readonly sizes: AuthorizerSizes
  readonly inside: Inside
  readonly variation: Variation
}): Authorizer {
  const { machine, link, database, sizes, inside, variation } = deps
  const clock = variation.clock?.(machine) ?? machine.clock
  const board = variation.workerBoard?.(link.board, machine) ?? link.board
  const reads = new Map<string, number>()
  const memory = openMemory({ sizes, clock, machine, inside, reads, variation })
  const policy = openRules(database)
  const seconds = createSecondLeases(database)
  const follower = createFollower({
    worker: machine.name,
    invalidations: board,
    lease: memory.lease,
    remembered: {
      facts: rememberedOf(memory),
      ring: memory.ring,
      policyChanged: policy.changed,
      restrictionsChanged: () => undefined,
      keyringChanged: () => undefined,
    },
    clock,
    heartbeatMs: sizes.heartbeatMs,
    onFault: () => undefined,
    onApplied: inside.applied,
    ...(sizes.hasSecond ? { secondLeases: variation.secondLeases?.(seconds) ?? seconds } : {}),
  })
  const facts = createSessionFacts(board)
  const toucher = createToucher({
    ...{ facts, idleMs: IDLE_MS, everyMs: TOUCH_EVERY_MS, flushEveryMs: TOUCH_FLUSH_MS, clock },
    onFault: () => undefined,
  })
  const corridorDeps: Dependencies = {
    policies: policy,
    findPlace: () => undefined,
    table: memory.table,
    flights: openFactFlights({
      stores: { facts: { ...facts, load: noting(reads, (hash) => facts.load(hash)) } },
      ...{ memory, follower, metrics: UNCOUNTED, nowMs: clock.nowMs },
    }),
    isSealed: () => true,
    lease: memory.lease,
    beat: follower.beat,
    makeGrant: ({ principal }) => {
      return { kind: 'allow', lines: wordIdentity('', principal.uid, principal.role) }
    },
    toucher,
    keys: openKeyDependencies({
      config: { apikeyNonceLifetimeMs: 86_400_000, apikeyV1Replay: 'deny' },
      stores: { keys: keyStore(board, reads), nonces: board },
      ...{ memory, follower, metrics: UNCOUNTED, crypto: TRUSTING, secretsKey: undefined },
    }),
    limits: NO_LIMITS,
    ...clock,
    onFault: () => undefined,
    onRecall: () => undefined,
    onForged: () => undefined,
  }
  const corridor = createAuthorize(corridorDeps)
  let isServing = false
  void follower.start().then(() => {
    isServing = true
  })
  void policy.refresh()
  return {
    name: machine.name,
    ...{ machine, link, follower },
    authorize: variation.corridor?.(corridor, corridorDeps) ?? corridor,
    isServing: () => isServing,
    async drain() {
      isServing = false
      await toucher.drain()
      await follower.drain()
    },
  }
}

/** Notes at which number of the log each record was read. */
function noting<T>(reads: Map<string, number>, load: (key: string) => Promise<Loaded<T>>) {
  return async (key: string) => {
    const loaded = await load(key)
    reads.set(key, loaded.seq)
    return loaded
  }
}

function keyStore(board: Link['board'], reads: Map<string, number>) {
  const keys = createKeyFacts(board)
  return { load: noting(reads, (kid: string) => keys.load(kid)) }
}

function openMemory(deps: {
  readonly sizes: AuthorizerSizes
  readonly clock: Clock
  readonly machine: Machine
  readonly inside: Inside
  readonly reads: Map<string, number>
  readonly variation: Variation
}): Memory {
  const { sizes, clock, machine, inside, reads, variation } = deps
  const { leaseMs, entriesMax, ringEntriesMax } = sizes
  const created = createMemory(
    { leaseMs, sessionsMax: entriesMax, apikeysMax: entriesMax },
    clock.monotonicMs,
    entriesMax,
  )
  const ring = createRing(ringEntriesMax)
  const { table, keys } = created
  return {
    lease: variation.lease?.(created.lease, machine) ?? created.lease,
    ring: watched(variation.ring?.(ring) ?? ring, inside),
    table: {
      ...table,
      remember(entry) {
        const { hash, uid } = entry.session
        inside.installed([`session:${hash}`, `user:${uid}`], reads.get(hash) ?? -1)
        table.remember(entry)
      },
    },
    keys: {
      ...keys,
      known: {
        ...keys.known,
        remember(entry) {
          const { uid, kid } = entry.usable.key
          inside.installed([`key:${kid}`, `user:${uid}`], reads.get(kid) ?? -1)
          keys.known.remember(entry)
        },
      },
    },
  }
}

function watched(ring: Ring, inside: Inside): Ring {
  return {
    ...ring,
    reset(seq) {
      inside.startedOver(seq)
      ring.reset(seq)
    },
  }
}

/** The policy without its file: rows are loaded, compiled and swapped as in the product. */
function openRules(database: Database) {
  const permissions = createPermissions(database)
  let current: Policy = {
    ...{ ...policyOf(), version: 0, rules: new Map(), cookieName: COOKIE_NAME },
    ...{ isCsrfRequired: false, binding: 'off' },
  }
  const rows = createRefreshed(
    async () => {
      const { rules } = compileRules((await permissions.loadPermissions()).rows)
      current = { ...current, rules, version: current.version + 1 }
    },
    () => undefined,
  )
  return {
    current: () => current,
    isStale: rows.isStale,
    areRestrictionsStale: () => false,
    refresh: rows.refresh,
    changed: rows.changed,
  }
}
