import { createFlights, type Flights } from '../cache/flight.ts'
import { nameOf } from '../cache/ring.ts'
import { Fault } from '../core/fault.ts'
import { createTexts } from '../core/memo.ts'
import { ownText } from '../core/own-text.ts'
import type { Facts } from '../core/principal.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import { addressOf, agentOf } from '../gateway/dialect.ts'
import type { Head } from '../store/invalidations.ts'
import type { Loaded } from '../store/sessions.ts'
import type { AuthorizerStores } from '../store/stores.ts'
import type { TableName } from '../telemetry/metric-table.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Follower } from './follow.ts'
import { createEntry, type Entry } from './grants.ts'
import { type Memory, namesOf } from './memory.ts'

/** What says whether a load is believed. */
export interface BelievingParts {
  readonly memory: Pick<Memory, 'ring'>
  readonly follower: Pick<Follower, 'epoch' | 'appliedSeq' | 'beat' | 'isLoading'>
  readonly metrics: Pick<Metrics, 'countLoad'>
}

/** How facts of one kind are asked for, called, and remembered. */
export interface Remembering<F, E> {
  readonly table: TableName
  load(id: string): Promise<Loaded<F>>
  /** Under which names an invalidation may call what was found, or that nothing was, untrue. */
  namesOf(id: string, found: F | undefined): readonly string[]
  /** Undefined where nothing was found. */
  remember(id: string, found: F | undefined): E | undefined
}

/** A heartbeat that was under way already may not know yet of what was read. */
const BEATS_MAX = 2

/**
 * Loads: what an invalidation has overtaken is neither believed nor remembered. Nor is what was
 * read at an entry of the log that is not applied yet: who refuses by it would go on allowing by
 * what else is remembered of the same user.
 */
export function openBelievedFlights<F, E>(
  { memory, follower, metrics }: BelievingParts,
  { table, load, namesOf, remember }: Remembering<F, E>,
): Flights<E | undefined> {
  const isInStep = ({ epoch, seq }: Head) =>
    epoch === follower.epoch() && seq <= follower.appliedSeq()

  return createFlights<Loaded<F>, E | undefined>({
    async load(id) {
      const read = await load(id).catch((fault: unknown) => {
        const isOverflow = fault instanceof Fault && fault.code === 'load_overflow'
        metrics.countLoad(table, isOverflow ? 'overflow' : 'fault')
        throw fault
      })
      for (let beats = 0; beats < BEATS_MAX && !isInStep(read); beats++) await follower.beat()
      return read
    },
    land(id, read) {
      const { seq, found } = read
      const isBelieved = follower.isLoading() && isInStep(read)
      if (!isBelieved || !memory.ring.admits(seq, namesOf(id, found))) {
        metrics.countLoad(table, 'overtaken')
        return undefined
      }
      metrics.countLoad(table, found === undefined ? 'missing' : 'found')
      return { value: remember(id, found) }
    },
  })
}

interface Parts extends BelievingParts {
  readonly stores: Pick<AuthorizerStores, 'facts'>
  readonly memory: Pick<Memory, 'table' | 'ring'>
  readonly nowMs: () => number
}

/** Loads of sessions with their principals, by cookie value. */
export function openFactFlights(parts: Parts): Flights<Entry | undefined> {
  const { stores, memory, nowMs } = parts
  return openBelievedFlights<Facts, Entry>(parts, {
    table: 'sessions',
    load: (id) => stores.facts.load(sha256Base64url(id)),
    namesOf: (id, found) =>
      found === undefined ? [nameOf('session', sha256Base64url(id))] : namesOf(found),
    remember(id, found) {
      if (found === undefined) return undefined
      const entry = createEntry(ownText(id), shareTexts(found), nowMs())
      memory.table.remember(entry)
      return entry
    },
  })
}

const wordOf = createTexts(64)
for (const word of ['active', 'pending']) wordOf(word)

/**
 * The same facts with what many have in common: texts of the checks that they will be compared
 * with, and of other sessions. A record's own are slices of it, which V8 compares by a call into
 * the runtime: a User-Agent costs a hit 3 % of its time, and each session 120 bytes. And what a
 * hit looks at stands first, since most of what it costs is fetching from memory.
 */
function shareTexts({ session, principal, idleAtMs }: Facts): Facts {
  return {
    session: {
      endsAtMs: session.endsAtMs,
      hash: session.hash,
      userAgent: agentOf(session.userAgent),
      address: addressOf(session.address.text) ?? session.address,
      uid: session.uid,
      csrfToken: ownText(session.csrfToken),
      createdAtMs: session.createdAtMs,
      generation: session.generation,
    },
    principal: {
      role: wordOf(principal.role),
      state: wordOf(principal.state),
      uid: principal.uid,
      kind: principal.kind,
      username: principal.username === null ? null : ownText(principal.username),
      email: ownText(principal.email),
      level: principal.level,
      referralId: principal.referralId,
      otp: principal.otp,
      version: principal.version,
    },
    idleAtMs,
  }
}
