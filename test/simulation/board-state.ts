import { Fault } from '../../src/core/fault.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'
import {
  EPOCH_STRIDE,
  type Filling,
  type KeyPosting,
  type KeySealing,
  type Notice,
  type PostedFacts,
  type PostedKey,
  type Posting,
  type Refilling,
  type RefillingPrincipal,
} from '../../src/store/board.ts'
import type { Head } from '../../src/store/invalidations.ts'
import type { Roster } from '../../src/store/members.ts'
import type { Loaded, Touch } from '../../src/store/sessions.ts'

/**
 * What one Redis holds, and what the scripts do to it, each in one step. Unlike the twin it can be
 * restored from a part of what was written to another: so each script takes the run id that its
 * caller was connected to, as the real ones do. Nothing expires within a history.
 */
export interface BoardState {
  sealedAs(runId: string): number | undefined
  load(runId: string, hash: string): Loaded<PostedFacts>
  loadKey(runId: string, kid: string): Loaded<PostedKey>
  touch(runId: string, batch: readonly Touch[]): void
  heartbeat(runId: string, worker: string, appliedSeq: number): Head
  /** Whether the list of members says more than before. */
  report(runId: string, worker: string, appliedSeq: number): boolean
  leave(worker: string): boolean
  members(runId: string): Roster
  prune(runId: string, worker: string, beat: number): boolean
  since(runId: string, seq: number): readonly Invalidation[] | undefined
  open(runId: string, posting: Posting, epochNumber: number): 'opened' | 'outdated' | 'moved'
  apply(runId: string, notice: Notice, epochNumber: number): Roster
  idleDeadlines(runId: string, hashes: readonly string[]): readonly (number | undefined)[]
  takeTouched(runId: string, max: number): readonly Touch[]
  begin(runId: string, epochNumber: number, replaced: number | undefined): boolean
  prepare(
    runId: string,
    filling: Filling,
    refilled: readonly Refilling[],
    ended: readonly string[],
  ): void
  preparePrincipals(runId: string, filling: Filling, holders: readonly RefillingPrincipal[]): void
  prepareKeys(runId: string, epochNumber: number, keys: readonly KeySealing[]): void
  seal(runId: string, epochNumber: number): void
}

interface Row {
  readonly session: Uint8Array
  readonly uid: string
  readonly idleAtMs: number
  readonly generation: number
}

interface Principal {
  readonly record: Uint8Array
  readonly version: number
  /** The sealing it belongs to. */
  readonly n: number | undefined
}

export interface BoardLimits {
  /** Entries that the log keeps. */
  readonly logEntriesMax: number
  /** A reader that is further behind is told to forget everything. */
  readonly sinceEntriesMax: number
  /** The fault of writing a deadline where no session is any more, for a mutant. */
  readonly isTouchCreating?: boolean
  /** The fault of writing over a principal that something else than its own change brings. */
  readonly isOverwriting?: boolean
}

interface Tables {
  ep: { readonly n: number; readonly runId: string } | undefined
  sealing: number | undefined
  seq: number
  beats: number
  log: Invalidation[]
  readonly members: Map<string, { appliedSeq: number; readonly beat: number }>
  readonly sessions: Map<string, Row>
  readonly removed: Map<string, Row>
  readonly principals: Map<string, Principal>
  readonly generations: Map<string, number>
  readonly tombstones: Set<string>
  readonly keys: Map<string, { readonly posting: KeyPosting; readonly n: number }>
  readonly keyTombstones: Set<string>
  readonly touched: Map<string, number>
}

export function createBoardState(limits: BoardLimits): BoardState {
  const tables: Tables = {
    ...{ ep: undefined, sealing: undefined, seq: 0, beats: 0, log: [] },
    ...{ members: new Map(), sessions: new Map(), removed: new Map(), principals: new Map() },
    ...{ generations: new Map(), tombstones: new Set(), keys: new Map() },
    ...{ keyTombstones: new Set(), touched: new Map() },
  }
  return {
    sealedAs: (runId) => (tables.ep?.runId === runId ? tables.ep.n : undefined),
    ...createReading(tables, limits),
    ...createMarking(tables),
    ...createChanging(tables, limits),
    ...createFilling(tables),
  }
}

function head(tables: Tables, runId: string): Head {
  const { ep, seq } = tables
  if (ep?.runId !== runId) throw new Fault('store_unsealed', { about: 'Redis' })
  return { epoch: `${ep.n}.${runId}`, seq }
}

function createReading(tables: Tables, { sinceEntriesMax }: BoardLimits) {
  const { sessions, principals, generations, keys } = tables
  return {
    load(runId: string, hash: string): Loaded<PostedFacts> {
      const at = head(tables, runId)
      const row = sessions.get(hash)
      if (row === undefined) return { ...at, found: undefined }
      const principal = principals.get(row.uid)
      if (principal === undefined) throw new Fault('store_garbage', { about: 'no principal' })
      if (principal.n !== tables.ep?.n) return { ...at, found: undefined }
      const { session, idleAtMs, generation: sessionGeneration } = row
      const generation = generations.get(row.uid) ?? 0
      const { record } = principal
      const found = { session, principal: record, idleAtMs, sessionGeneration, generation }
      return { ...at, found }
    },
    loadKey(runId: string, kid: string): Loaded<PostedKey> {
      const at = head(tables, runId)
      const key = keys.get(kid)
      if (key === undefined || key.n !== tables.ep?.n) return { ...at, found: undefined }
      const principal = principals.get(key.posting.uid)
      if (principal === undefined) throw new Fault('store_garbage', { about: 'no holder' })
      if (principal.n !== tables.ep?.n) return { ...at, found: undefined }
      return { ...at, found: { key: key.posting.record, principal: principal.record } }
    },
    since(runId: string, from: number): readonly Invalidation[] | undefined {
      const { seq } = head(tables, runId)
      const count = seq - from
      if (count < 0 || count > tables.log.length || count > sinceEntriesMax) return undefined
      return count === 0 ? [] : tables.log.slice(-count)
    },
    idleDeadlines(runId: string, hashes: readonly string[]) {
      head(tables, runId)
      return hashes.map((hash) => sessions.get(hash)?.idleAtMs)
    },
  }
}

function createMarking(tables: Tables) {
  const { members } = tables
  return {
    heartbeat(runId: string, worker: string, appliedSeq: number): Head {
      const at = head(tables, runId)
      tables.beats += 1
      members.set(worker, { appliedSeq, beat: tables.beats })
      return at
    },
    report(runId: string, worker: string, appliedSeq: number): boolean {
      head(tables, runId)
      const mark = members.get(worker)
      if (mark === undefined || mark.appliedSeq >= appliedSeq) return false
      mark.appliedSeq = appliedSeq
      return true
    },
    leave: (worker: string) => members.delete(worker),
    members: (runId: string) => rosterOf(tables, runId),
    prune(runId: string, worker: string, beat: number): boolean {
      head(tables, runId)
      return members.get(worker)?.beat === beat && members.delete(worker)
    },
  }
}

function rosterOf(tables: Tables, runId: string): Roster {
  const listed = [...tables.members].map(([worker, mark]) => ({ worker, ...mark }))
  return { ...head(tables, runId), members: listed }
}

function createChanging(tables: Tables, limits: BoardLimits) {
  const { logEntriesMax, isTouchCreating, isOverwriting } = limits
  const { sessions, removed, generations, tombstones, keyTombstones, keys, touched } = tables

  function change({ scope, ended, kept, keys: changed, principal }: Notice): void {
    for (const hash of ended) {
      const row = sessions.get(hash)
      if (row !== undefined) removed.set(hash, row)
      sessions.delete(hash)
      touched.delete(hash)
      tombstones.add(hash)
    }
    for (const { hash, generation } of kept) {
      const row = sessions.get(hash)
      if (row === undefined) continue
      sessions.set(hash, { ...row, generation: Math.max(row.generation, generation) })
    }
    for (const kid of changed?.ended ?? []) {
      keys.delete(kid)
      keyTombstones.add(kid)
    }
    for (const one of changed?.posted ?? []) putKey(tables, one, tables.ep?.n ?? 0)
    if (principal === undefined) return
    const { record, version } = principal
    const own = { record, version, n: tables.ep?.n }
    if (scope !== 'user' && !isOverwriting) {
      introduce(tables, principal.uid, own)
      return
    }
    post(tables, principal.uid, own)
    raise(tables, principal.uid, principal.generation)
  }

  return {
    touch(runId: string, batch: readonly Touch[]): void {
      head(tables, runId)
      for (const { hash, idleAtMs } of batch) {
        const row = sessions.get(hash) ?? (isTouchCreating ? removed.get(hash) : undefined)
        if (row === undefined || idleAtMs <= row.idleAtMs) continue
        sessions.set(hash, { ...row, idleAtMs })
        touched.set(hash, idleAtMs)
      }
    },
    takeTouched(runId: string, max: number): readonly Touch[] {
      head(tables, runId)
      const taken = [...touched].slice(0, max)
      for (const [hash] of taken) touched.delete(hash)
      return taken.map(([hash, idleAtMs]) => ({ hash, idleAtMs }))
    },
    open(runId: string, posting: Posting, epochNumber: number): 'opened' | 'outdated' | 'moved' {
      head(tables, runId)
      if (epochNumber !== tables.ep?.n) return 'moved'
      if (tombstones.has(posting.hash)) return 'outdated'
      if ((generations.get(posting.uid) ?? 0) > posting.generation) return 'outdated'
      put(tables, posting)
      const { uid, principal, principalVersion: version } = posting
      const own = { record: principal, version, n: epochNumber }
      if (isOverwriting) post(tables, uid, own)
      else introduce(tables, uid, own)
      return 'opened'
    },
    apply(runId: string, notice: Notice, epochNumber: number): Roster {
      head(tables, runId)
      if ((tables.ep?.n ?? 0) < epochNumber) {
        throw new Fault('store_unsealed', { about: 'the change is of a later sealing' })
      }
      change(notice)
      tables.seq += 1
      tables.log.push({ seq: tables.seq, scope: notice.scope, id: notice.id })
      if (tables.log.length > logEntriesMax) tables.log.shift()
      return rosterOf(tables, runId)
    },
  }
}

function createFilling(tables: Tables) {
  const { sessions, tombstones, generations, principals } = tables

  function unsealed(runId: string): void {
    if (tables.ep?.runId === runId) throw new Fault('store_conflict', { about: 'sealed' })
  }
  function filling(runId: string, epochNumber: number): void {
    unsealed(runId)
    if (tables.sealing !== epochNumber) throw new Fault('store_conflict', { about: 'sealed' })
  }

  return {
    begin(runId: string, epochNumber: number, replaced: number | undefined): boolean {
      if (tables.ep?.n !== replaced) unsealed(runId)
      tables.ep = undefined
      tables.sealing = epochNumber
      return [sessions, principals, generations, tombstones].every(({ size }) => size === 0)
    },
    prepare(
      runId: string,
      { epochNumber, isEmpty }: Filling,
      refilled: readonly Refilling[],
      ended: readonly string[],
    ): void {
      filling(runId, epochNumber)
      for (const hash of ended) sessions.delete(hash)
      for (const one of refilled) {
        if (isEmpty) sessions.set(one.hash, one)
        else put(tables, one)
      }
    },
    preparePrincipals(
      runId: string,
      { epochNumber, isEmpty }: Filling,
      holders: readonly RefillingPrincipal[],
    ): void {
      filling(runId, epochNumber)
      for (const { uid, record, version, generation } of holders) {
        if (!isEmpty) generations.delete(uid)
        if (!isEmpty) raise(tables, uid, generation)
        else if (generation !== 0) generations.set(uid, generation)
        post(tables, uid, { record, version, n: epochNumber })
      }
    },
    prepareKeys(runId: string, epochNumber: number, sealings: readonly KeySealing[]): void {
      filling(runId, epochNumber)
      for (const one of sealings) {
        putKey(tables, one, epochNumber)
        const { uid, principal: record, principalVersion: version } = one
        post(tables, uid, { record, version, n: epochNumber })
      }
    },
    seal(runId: string, epochNumber: number): void {
      filling(runId, epochNumber)
      tables.log = []
      tables.members.clear()
      tables.sealing = undefined
      tables.seq = epochNumber * EPOCH_STRIDE
      tables.ep = { n: epochNumber, runId }
    },
  }
}

function put(tables: Tables, one: Refilling): void {
  if (!tables.tombstones.has(one.hash)) {
    const known = tables.sessions.get(one.hash)
    const idleAtMs = Math.max(one.idleAtMs, known?.idleAtMs ?? 0)
    const generation = Math.max(one.generation, known?.generation ?? 0)
    tables.sessions.set(one.hash, { session: one.session, idleAtMs, generation, uid: one.uid })
  }
}

function post({ principals }: Tables, uid: string, principal: Principal): void {
  const known = principals.get(uid)
  const isNewer = known !== undefined && known.version > principal.version
  if (isNewer && known.n === principal.n) return
  principals.set(uid, principal)
}

function introduce(tables: Tables, uid: string, principal: Principal): void {
  if (tables.principals.get(uid)?.n !== principal.n) post(tables, uid, principal)
}

function raise({ generations }: Tables, uid: string, generation: number): void {
  if (generation !== 0 && generation >= (generations.get(uid) ?? 0)) {
    generations.set(uid, generation)
  }
}

function putKey({ keys, keyTombstones }: Tables, posting: KeyPosting, n: number): void {
  if (keyTombstones.has(posting.kid)) return
  const known = keys.get(posting.kid)
  if (known?.n === n && known.posting.version > posting.version) return
  keys.set(posting.kid, { posting, n })
}
