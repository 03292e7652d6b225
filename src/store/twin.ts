import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { Fault } from '../core/fault.ts'
import type { Invalidation } from '../core/invalidation.ts'
import type { Board, Notice, PostedKey, Refilling } from './board.ts'
import { EPOCH_STRIDE, GENERATION_MS, KEY_UNTIL_MS, TOMBSTONE_MS } from './board.ts'
import { createExpiring } from './expiring.ts'
import type { InvalidationHandler } from './invalidations.ts'
import type { Roster } from './members.ts'
import type { Loaded } from './sessions.ts'
import { createTwinActivities } from './twin-activities.ts'
import { createTwinClosings } from './twin-closings.ts'
import { createTwinKeys } from './twin-keys.ts'
import { createTwinLog } from './twin-log.ts'
import { createTwinMembers, type TwinMark } from './twin-members.ts'
import { createTwinNonces } from './twin-nonces.ts'
import { createTwinPrincipals } from './twin-principals.ts'
import { createTwinRates } from './twin-rates.ts'

interface Row {
  readonly session: Uint8Array
  idleAtMs: number
  generation: number
  readonly uid: string
}

/** Expired entries are looked for this often; until then they only take memory. */
const SWEEP_MS = 60_000

/**
 * Redis' twin inside this process, step for step what scripts.ts does. Empty and unsealed when
 * made, as a Redis that has just been started.
 */
export function createTwinBoard(nowMs: () => number): Board {
  const state = createState(nowMs)
  const { sessions, principals, generations, tombstones, touched } = state
  const emitter = new EventEmitter().setMaxListeners(0)
  const sweeper = setInterval(state.sweep, SWEEP_MS).unref()

  // Async functions turn what they throw into a rejection: as a caller of Redis would see it.
  return {
    activities: createTwinActivities(),
    rates: createTwinRates(nowMs),
    async load(hash) {
      const head = state.head()
      const row = sessions.read(hash)
      if (row === undefined) return { ...head, found: undefined }
      const principal = principals.read(row.uid)
      if (principal === undefined) {
        throw new Fault('store_garbage', { about: 'a session without its principal' })
      }
      if (principal.epochNumber !== state.epochNumber()) return { ...head, found: undefined }
      const { session, idleAtMs, generation: sessionGeneration } = row
      const generation = generations.read(row.uid) ?? 0
      const { record } = principal
      const found = { session, principal: record, idleAtMs, sessionGeneration, generation }
      return { ...head, found }
    },
    loadKey: async (kid) => loadKey(state, kid),
    closedSince: async (place) => state.closings.since(place, state.head().seq),
    async touch(batch) {
      state.head()
      for (const { hash, idleAtMs } of batch) {
        const row = sessions.read(hash)
        if (row === undefined || idleAtMs <= row.idleAtMs) continue
        row.idleAtMs = idleAtMs
        touched.set(hash, idleAtMs)
      }
    },
    ...createTwinMembers(state, emitter),
    async since(seq) {
      return state.since(seq)
    },
    async subscribe(handler: InvalidationHandler) {
      emitter.on('push', (message: Invalidation) => handler.invalidated(message))
    },
    async open(posting, epochNumber) {
      state.head()
      if (epochNumber !== state.epochNumber()) return 'moved'
      if (tombstones.read(posting.hash) !== undefined) return 'outdated'
      if ((generations.read(posting.uid) ?? 0) > posting.generation) return 'outdated'
      state.put(posting)
      const { uid, principal, principalVersion: version, endsAtMs } = posting
      state.principals.introduce(uid, { record: principal, version, epochNumber }, endsAtMs)
      return 'opened'
    },
    async apply(notice, epochNumber) {
      state.head()
      if ((state.epochNumber() ?? 0) < epochNumber) {
        throw new Fault('store_unsealed', { about: 'the change is of a later sealing' })
      }
      state.change(notice)
      const message = state.append(notice)
      state.closings.append(message.seq, notice.closed ?? [])
      // A push arrives later, as it would through a socket; never inside the caller's turn.
      setImmediate(() => emitter.emit('push', message))
      return state.roster()
    },
    async idleDeadlines(hashes) {
      state.head()
      return hashes.map((hash) => sessions.read(hash)?.idleAtMs)
    },
    async takeTouched(max) {
      state.head()
      const taken = [...touched].slice(0, max)
      for (const [hash] of taken) touched.delete(hash)
      return taken.map(([hash, idleAtMs]) => ({ hash, idleAtMs }))
    },
    async burn(one) {
      state.head()
      return state.nonces.burn(one)
    },
    ...createFilling(state),
    ping: async () => undefined,
    async close() {
      clearInterval(sweeper)
      emitter.removeAllListeners()
    },
  }
}

function createFilling(
  state: ReturnType<typeof createState>,
): Pick<Board, 'sealedAs' | 'begin' | 'prepare' | 'preparePrincipals' | 'prepareKeys' | 'seal'> {
  return {
    sealedAs: async () => state.epochNumber(),
    begin: async (epochNumber, replaced) => state.begin(epochNumber, replaced),
    async prepare({ epochNumber }, refilled, ended) {
      state.filling(epochNumber)
      for (const hash of ended) state.sessions.forget(hash)
      for (const one of refilled) state.put(one)
    },
    async preparePrincipals({ epochNumber }, holders) {
      state.filling(epochNumber)
      for (const { uid, record, version, generation, untilMs } of holders) {
        // What was left behind counts for nothing: Postgres is the truth.
        state.generations.forget(uid)
        state.raise(uid, generation)
        state.principals.post(uid, { record, version, epochNumber }, untilMs)
      }
    },
    async prepareKeys(epochNumber, sealings) {
      state.filling(epochNumber)
      for (const one of sealings) {
        state.keys.put(one, epochNumber)
        const { uid, principal: record, principalVersion: version } = one
        state.principals.post(uid, { record, version, epochNumber }, KEY_UNTIL_MS)
      }
    },
    seal: async (epochNumber) => state.seal(epochNumber),
  }
}

function loadKey(state: ReturnType<typeof createState>, kid: string): Loaded<PostedKey> {
  const head = state.head()
  const posting = state.keys.read(kid, state.epochNumber())
  if (posting === undefined) return { ...head, found: undefined }
  const principal = state.principals.read(posting.uid)
  if (principal === undefined) {
    throw new Fault('store_garbage', { about: 'a key without its holder' })
  }
  if (principal.epochNumber !== state.epochNumber()) return { ...head, found: undefined }
  return { ...head, found: { key: posting.record, principal: principal.record } }
}

function createState(nowMs: () => number) {
  const runId = randomBytes(20).toString('hex')
  const sessions = createExpiring<Row>(nowMs)
  const principals = createTwinPrincipals(nowMs)
  const generations = createExpiring<number>(nowMs)
  const tombstones = createExpiring<true>(nowMs)
  const keys = createTwinKeys(nowMs)
  const nonces = createTwinNonces(nowMs)
  const closings = createTwinClosings()
  const touched = new Map<string, number>()
  const members = new Map<string, TwinMark>()
  let beats = 0
  const log = createTwinLog()
  let sealed: number | undefined
  let sealing: number | undefined

  function head() {
    if (sealed === undefined) throw new Fault('store_unsealed', { about: 'the twin of Redis' })
    return { epoch: `${sealed}.${runId}`, seq: log.seq() }
  }

  function filling(epochNumber: number): void {
    if (sealed === undefined && sealing === epochNumber) return
    throw new Fault('store_conflict', { about: 'sealed' })
  }

  function raise(uid: string, generation: number): void {
    if (generation === 0 || generation < (generations.read(uid) ?? 0)) return
    generations.remember(uid, generation, nowMs() + GENERATION_MS)
  }

  return {
    ...{ sessions, principals, keys, generations, tombstones, nonces, closings },
    ...{ touched, members, head, filling, raise },
    epochNumber: () => sealed,
    nextBeat: () => ++beats,
    roster(): Roster {
      const listed = [...members].map(([worker, mark]) => ({ worker, ...mark }))
      return { ...head(), members: listed }
    },
    begin(epochNumber: number, replaced: number | undefined): boolean {
      const isEmpty = sealed === undefined
      if (!isEmpty && sealed !== replaced) throw new Fault('store_conflict', { about: 'sealed' })
      sealed = undefined
      sealing = epochNumber
      return isEmpty
    },
    seal(epochNumber: number): void {
      filling(epochNumber)
      log.restart(epochNumber * EPOCH_STRIDE)
      members.clear()
      closings.restart()
      nonces.sealed(epochNumber)
      sealed = epochNumber
    },
    put(one: Refilling): void {
      if (tombstones.read(one.hash) === undefined) {
        const known = sessions.read(one.hash)
        const idleAtMs = Math.max(one.idleAtMs, known?.idleAtMs ?? 0)
        const generation = Math.max(one.generation, known?.generation ?? 0)
        const row = { session: one.session, idleAtMs, generation, uid: one.uid }
        sessions.remember(one.hash, row, one.endsAtMs)
      }
    },
    change({ scope, ended, kept, keys: changed, principal }: Notice): void {
      for (const hash of ended) {
        sessions.forget(hash)
        touched.delete(hash)
        tombstones.remember(hash, true, nowMs() + TOMBSTONE_MS)
      }
      for (const { hash, generation } of kept) {
        const row = sessions.read(hash)
        if (row !== undefined) row.generation = Math.max(row.generation, generation)
      }
      for (const kid of changed?.ended ?? []) keys.remove(kid)
      for (const one of changed?.posted ?? []) keys.put(one, sealed)
      if (principal === undefined) return
      const hasKeys = changed !== undefined && changed.posted.length > 0
      const untilMs = hasKeys ? KEY_UNTIL_MS : nowMs() + TOMBSTONE_MS
      const own = { ...principal, epochNumber: sealed }
      if (scope !== 'user') {
        principals.introduce(principal.uid, own, untilMs)
        return
      }
      principals.post(principal.uid, own, untilMs)
      raise(principal.uid, principal.generation)
    },
    append: log.append,
    since(from: number): readonly Invalidation[] | undefined {
      head()
      return log.since(from)
    },
    sweep(): void {
      for (const table of [sessions, principals, keys, generations, tombstones]) table.sweep()
      nonces.sweep()
    },
  }
}
