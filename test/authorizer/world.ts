import { createAuthorize, type Dependencies } from '../../src/authorizer/authorize.ts'
import { createEntry, type Entry } from '../../src/authorizer/grants.ts'
import type { Limits } from '../../src/authorizer/limits.ts'
import { createFlights } from '../../src/cache/flight.ts'
import { createLease } from '../../src/cache/lease.ts'
import { nameOf } from '../../src/cache/ring.ts'
import { createTable } from '../../src/cache/table.ts'
import { wordIdentity } from '../../src/core/identity-lines.ts'
import type { Facts } from '../../src/core/principal.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { factsOf, NOW, policyOf } from '../core/facts.ts'
import { toldBy } from '../core/granted.ts'
import { createKeyWorld } from './keys.ts'

/** A session id as the cookie carries it. */
export const ID = 'S'.repeat(68)
/** One that no key of ours sealed. */
export const FORGED_ID = 'F'.repeat(68)

/** Limits that nothing reaches. */
export const NO_LIMITS: Limits = {
  admitAddress: () => undefined,
  admitProven: () => undefined,
  chargeFailure: () => {},
  addresses: { used: () => 0, evictions: () => 0 },
  proven: { used: () => 0, evictions: () => 0 },
}

/** The corridor with everything around it in memory, and clocks to turn. */
export function createWorld(changes: Partial<Dependencies> = {}) {
  const clock = { ms: NOW, monotonicMs: 5000 }
  const store = { facts: factsOf() as Facts | undefined, loads: 0, fault: undefined as unknown }
  const state = { isStale: false, beats: 0, canBeat: true, touches: 0 }
  const faults: unknown[] = []
  const recalls: boolean[] = []
  const seals = { examined: 0, forged: 0 }
  const lease = createLease(2000)
  lease.grant(clock.monotonicMs)
  const table = createTable<Entry>({
    entriesMax: 10,
    ageMsMax: 1e9,
    tagsOf: ({ session }) => [nameOf('session', session.hash)],
    monotonicMs: () => clock.monotonicMs,
  })
  const flights = createFlights<Facts | undefined, Entry | undefined>({
    async load() {
      store.loads++
      if (store.fault !== undefined) throw store.fault
      return store.facts
    },
    land(id, facts) {
      if (facts === undefined) return { value: undefined }
      const entry = createEntry(id, facts, clock.ms)
      table.remember(entry)
      return { value: entry }
    },
  })
  const authorize = createAuthorize({
    policies: {
      current: () => policyOf(),
      isStale: () => state.isStale,
      areRestrictionsStale: () => false,
      refresh: async () => !state.isStale,
    },
    findPlace: () => undefined,
    table,
    flights,
    isSealed(cookie) {
      seals.examined++
      return cookie !== FORGED_ID
    },
    onForged: () => seals.forged++,
    lease,
    beat: async () => {
      state.beats++
      if (state.canBeat) lease.grant(clock.monotonicMs)
      return state.canBeat
    },
    makeGrant: ({ principal: { uid, role } }, audience) => ({
      kind: 'allow',
      lines: wordIdentity(`Bearer for ${audience.join()}`, uid, role),
    }),
    keys: createKeyWorld({ clock }).dependencies,
    toucher: { touch: () => state.touches++, flush: async () => {}, drain: async () => {} },
    limits: NO_LIMITS,
    nowMs: () => clock.ms,
    monotonicMs: () => clock.monotonicMs,
    setTimer: systemClock.setTimer,
    onFault: (fault) => faults.push(fault),
    onRecall: (isHit) => recalls.push(isHit),
    ...changes,
  })
  return { authorize, clock, store, state, faults, recalls, seals, lease, table }
}

/** What an answer says in one word. */
export function said(answer: Answer): string {
  return answer.kind === 'deny' ? answer.reason : toldBy(answer).authorization || 'anyone'
}
