import type {
  Board,
  KeyPosting,
  KeySealing,
  Notice,
  Posting,
  Refilling,
  RefillingPrincipal,
} from './board.ts'
import {
  EPOCH_STRIDE,
  GENERATION_MS,
  KEY_UNTIL_MS,
  LOG_ENTRIES_MAX,
  SINCE_ENTRIES_MAX,
  TOMBSTONE_MS,
} from './board.ts'
import { CLOSINGS_MAX } from './closings.ts'
import { CLOCK_STEP_MS } from './nonces.ts'
import { packFields } from './packed.ts'
import { readEntry } from './push.ts'
import { createRedisActivities } from './redis-activities.ts'
import { createRedisClosings } from './redis-closings.ts'
import { type Argument, type Link, openRedisLink, type RedisOptions } from './redis-link.ts'
import { createRedisRates } from './redis-rates.ts'
import { latin, list, readHead, readLoaded, readLoadedKey, readRoster } from './redis-reply.ts'
import { createSubscriber, type Subscriber } from './redis-subscriber.ts'
import type { Touch } from './sessions.ts'

/** Extensions in one script: a longer batch would hold Redis up for everybody else. */
const TOUCHES_MAX = 500

/** Sessions or users in one script while sealing, likewise; the next are on their way meanwhile. */
const PREPARED_MAX = 250

/**
 * Opens the connection for commands and waits for it at most `connectTimeoutMs`. A Redis that
 * is away is no failure here: calls throw `store_unavailable` at once until it is back.
 */
export async function openRedisBoard(options: RedisOptions): Promise<Board> {
  const link = openRedisLink(options)
  const subscriber = createSubscriber(options)
  await link.opened
  return createRedisBoard(link, subscriber)
}

function createRedisBoard(link: Link, subscriber: Subscriber): Board {
  const { run } = link
  return {
    activities: createRedisActivities(link),
    ...createRedisClosings(link),
    rates: createRedisRates(link),
    load: async (hash) => readLoaded(await run('load', hash)),
    loadKey: async (kid) => readLoadedKey(await run('loadKey', kid)),
    async touch(batch) {
      for (let at = 0; at < batch.length; at += TOUCHES_MAX) {
        const part = batch.slice(at, at + TOUCHES_MAX)
        await run('touch', ...part.flatMap((one) => [one.hash, one.idleAtMs]))
      }
    },
    async heartbeat(worker, appliedSeq) {
      return readHead(await run('heartbeat', worker, appliedSeq))
    },
    async since(seq) {
      const entries = await run('since', seq, SINCE_ENTRIES_MAX)
      return entries === null ? undefined : list(entries).map(readEntry)
    },
    subscribe: (handler) => subscriber.subscribe(handler),
    async report(worker, appliedSeq) {
      await run('report', worker, appliedSeq)
    },
    async leave(worker) {
      await run('leave', worker)
    },
    members: async () => readRoster(await run('members')),
    prune: async (worker, beat) => (await run('prune', worker, beat)) === 1,
    hearReports: (handler) => subscriber.hearReports(handler),
    async open(posting, epochNumber) {
      const outcome = latin(await run('open', epochNumber, ...postingArguments(posting)))
      return outcome === 'opened' || outcome === 'moved' ? outcome : 'outdated'
    },
    apply: async (notice, epochNumber) =>
      readRoster(await run('apply', epochNumber, ...applyArguments(notice))),
    async idleDeadlines(hashes) {
      if (hashes.length === 0) return []
      const found = list(await run('idle', ...hashes)).map(latin)
      return found.map((one) => (one === '' ? undefined : Number(one)))
    },
    async takeTouched(max) {
      const taken = list(await run('take', max)).map(latin)
      const touches: Touch[] = []
      for (let at = 0; at + 1 < taken.length; at += 2) {
        touches.push({ hash: taken[at] as string, idleAtMs: Number(taken[at + 1]) })
      }
      return touches
    },
    async burn({ kid, nonceMs, lifetimeMs, rememberedMax }) {
      const one = [kid, nonceMs, lifetimeMs, CLOCK_STEP_MS, rememberedMax]
      const outcome = latin(await run('burn', ...one))
      return outcome === 'burned' || outcome === 'used' || outcome === 'full' ? outcome : 'stale'
    },
    async sealedAs() {
      const number = await run('sealedAs')
      return number === null ? undefined : Number(latin(number))
    },
    begin: async (epochNumber, replaced) => (await run('begin', epochNumber, replaced ?? '')) === 1,
    async prepare({ epochNumber, isEmpty }, sessions, ended) {
      const own = [epochNumber, isEmpty ? 1 : 0]
      const some = inParts(ended).map((part) => run('prepare', ...own, '', ...part))
      const filled = inParts(sessions).map((part) =>
        run('prepare', ...own, packFields(part, refillingFields)),
      )
      await Promise.all([...some, ...filled])
    },
    async preparePrincipals({ epochNumber, isEmpty }, principals) {
      const own = [epochNumber, isEmpty ? 1 : 0, GENERATION_MS]
      const filled = inParts(principals).map((part) =>
        run('preparePrincipals', ...own, packFields(part, principalFields)),
      )
      await Promise.all(filled)
    },
    async prepareKeys(epochNumber, keys) {
      await run('prepareKeys', epochNumber, KEY_UNTIL_MS, ...keys.flatMap(sealingArguments))
    },
    async seal(epochNumber) {
      await run('seal', epochNumber, epochNumber * EPOCH_STRIDE)
    },
    async ping() {
      await run('sealedAs')
    },
    async close() {
      subscriber.close()
      link.close()
    },
  }
}

function postingArguments(one: Posting): readonly Argument[] {
  const { hash, uid, session, idleAtMs, endsAtMs, generation, principalVersion, principal } = one
  return [hash, uid, session, idleAtMs, endsAtMs, generation, principalVersion, principal]
}

function inParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  const partsCount = Math.ceil(all.length / PREPARED_MAX)
  return Array.from({ length: partsCount }, (_, at) =>
    all.slice(at * PREPARED_MAX, (at + 1) * PREPARED_MAX),
  )
}

function refillingFields(one: Refilling): readonly Argument[] {
  return [one.hash, one.uid, one.session, one.idleAtMs, one.endsAtMs, one.generation]
}

function principalFields(one: RefillingPrincipal): readonly Argument[] {
  return [one.uid, one.generation, one.version, one.record, one.untilMs]
}

function applyArguments(notice: Notice): readonly Argument[] {
  const { scope, id, closed = [], ended, kept, principal } = notice
  const { keys = { ended: [], posted: [] } } = notice
  const closings = JSON.stringify(closed.map(({ sid, uid, reason }) => [sid, uid, reason]))
  const until = keys.posted.length > 0 ? KEY_UNTIL_MS : Date.now() + TOMBSTONE_MS
  return [
    ...[scope, id, TOMBSTONE_MS, LOG_ENTRIES_MAX, closings, CLOSINGS_MAX],
    ...[ended.length, ...ended],
    ...[kept.length, ...kept.flatMap((one) => [one.hash, one.generation])],
    ...[keys.ended.length, ...keys.ended],
    ...[keys.posted.length, ...keys.posted.flatMap(keyArguments)],
    ...(principal === undefined
      ? []
      : [principal.uid, principal.version, principal.record, principal.generation, until]),
    ...(principal === undefined ? [] : [GENERATION_MS]),
  ]
}

function sealingArguments(one: KeySealing): readonly Argument[] {
  return [...keyArguments(one), one.principalVersion, one.principal]
}

function keyArguments({ kid, uid, record, version, untilMs }: KeyPosting): readonly Argument[] {
  return [kid, uid, record, version, untilMs]
}
