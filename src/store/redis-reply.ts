import { Fault } from '../core/fault.ts'
import type { PostedFacts, PostedKey } from './board.ts'
import type { Head } from './invalidations.ts'
import { type Census, type Roster, readListed, readMembers } from './members.ts'
import type { Loaded } from './sessions.ts'

/** Reply of the script `load`. */
export function readLoaded(reply: unknown): Loaded<PostedFacts> {
  const [epoch, seq, session, idle, own, principal, generation] = list(reply)
  const head = { epoch: latin(epoch), seq: number(seq) }
  if (session === undefined) return { ...head, found: undefined }
  if (!Buffer.isBuffer(session) || !Buffer.isBuffer(principal)) {
    throw new Fault('store_garbage', { about: 'a session without its principal' })
  }
  const known = generation === null || generation === undefined ? 0 : number(generation)
  const idleAtMs = number(idle)
  const sessionGeneration = number(own)
  return { ...head, found: { session, principal, idleAtMs, sessionGeneration, generation: known } }
}

/** Reply of the script `loadKey`. */
export function readLoadedKey(reply: unknown): Loaded<PostedKey> {
  const [epoch, seq, key, principal] = list(reply)
  const head = { epoch: latin(epoch), seq: number(seq) }
  if (key === undefined) return { ...head, found: undefined }
  if (!Buffer.isBuffer(key) || !Buffer.isBuffer(principal)) {
    throw new Fault('store_garbage', { about: 'a key without its holder' })
  }
  return { ...head, found: { key, principal } }
}

/** Reply of the script `heartbeat`. */
export function readHead(reply: unknown): Head {
  const [epoch, seq] = list(reply)
  return { epoch: latin(epoch), seq: number(seq) }
}

/** Reply of the scripts `members` and `apply`. */
export function readRoster(reply: unknown): Roster {
  const [epoch, seq, fields] = list(reply)
  const members = readMembers(list(fields).map(latin))
  return { epoch: latin(epoch), seq: number(seq), members }
}

/** Reply of the script `census`. */
export function readCensus(reply: unknown): Census {
  const [epoch, seq, fields, now] = list(reply)
  const members = readListed(list(fields).map(latin))
  return { epoch: latin(epoch), seq: number(seq), nowMs: number(now), members }
}

export function list(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new Fault('store_garbage', { about: 'no list from Redis' })
  return reply
}

export function latin(reply: unknown): string {
  if (!Buffer.isBuffer(reply)) throw new Fault('store_garbage', { about: 'no text from Redis' })
  return reply.toString('latin1')
}

export function number(reply: unknown): number {
  const value = typeof reply === 'number' ? reply : Number(latin(reply))
  if (!Number.isSafeInteger(value)) {
    throw new Fault('store_garbage', { about: 'no whole number from Redis' })
  }
  return value
}
