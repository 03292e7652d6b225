import { Fault } from '../core/fault.ts'
import type { Scope } from '../core/invalidation.ts'
import type { Queryable } from './database.ts'
import type { Member } from './members.ts'

/** A committed change, as whoever does without Redis hears of it. */
export interface CommittedChange {
  readonly id: number
  readonly scope: Scope
  readonly subject: string
}

/**
 * Postgres as a second source of belief. Every change is committed there before it is put anywhere
 * else, so whoever knows all that was committed by the time of a question may believe for as long
 * as a lease from that time on: see docs/without-redis.md. All throw a Fault.
 */
export interface SecondLeases {
  /** Puts a name on the list, never used before. Only then may it ask. */
  enter(name: string): Promise<void>
  /**
   * All committed changes that somebody cannot know who applied the log up to `appliedSeq`;
   * undefined if the name is not on the list (any more): nothing may be believed by this.
   */
  ask(name: string, appliedSeq: number): Promise<readonly CommittedChange[] | undefined>
  leave(name: string): Promise<void>
}

/** The list of those who may live on it, for those who wait for them. */
export interface SecondLeaseList {
  listed(): Promise<readonly Member[]>
  /** Takes a name off unless it has asked since. */
  strike(name: string, beat: number): Promise<void>
}

/** For supervisors of workers. */
export interface SecondLeaseDeaths {
  /** Takes off every name of a worker: only for one whose process has ended. */
  strikeDead(worker: string): Promise<void>
}

/** A worker takes a name for each time that it goes by Postgres, never used before. */
export function nameOfTurn(worker: string, turn: number): string {
  return `${beginningOf(worker)}${turn}`
}

function beginningOf(worker: string): string {
  return `${worker}.`
}

/** More changes than this at once mean that nothing is to be believed for now. */
const CHANGES_MAX = 10_000

const ENTER = `
  insert into second_leases (name, beat) values ($1, nextval('second_lease_beats'))
  on conflict (name) do nothing`
const BEAT = `
  update second_leases set beat = nextval('second_lease_beats') where name = $1 returning name`
const SELECT_UNKNOWN = `
  select id::float8 as id, scope, subject from changes
  where applied_at is null or seq > $1::float8::bigint order by id limit ${CHANGES_MAX + 1}`
const LEAVE = 'delete from second_leases where name = $1'
const SELECT_LISTED = 'select name, beat::float8 as beat from second_leases'
const STRIKE = 'delete from second_leases where name = $1 and beat = $2::float8::bigint'
const STRIKE_DEAD = 'delete from second_leases where starts_with(name, $1)'

export function createSecondLeases(
  database: Queryable,
): SecondLeases & SecondLeaseList & SecondLeaseDeaths {
  return {
    async enter(name) {
      await database.query(ENTER, [name])
    },
    async ask(name, appliedSeq) {
      // First the beat: whoever is struck off has not asked for as long as any lease lasts.
      const [own] = await database.query(BEAT, [name])
      if (own === undefined) return undefined
      const changes = await database.query<CommittedChange>(SELECT_UNKNOWN, [appliedSeq])
      if (changes.length > CHANGES_MAX) {
        throw new Fault('store_rejected', { about: 'too many changes to live without Redis' })
      }
      return changes
    },
    async leave(name) {
      await database.query(LEAVE, [name])
    },
    async listed() {
      const rows = await database.query<{ name: string; beat: number }>(SELECT_LISTED)
      return rows.map(({ name, beat }) => ({ worker: name, appliedSeq: 0, beat }))
    },
    async strike(name, beat) {
      await database.query(STRIKE, [name, beat])
    },
    async strikeDead(worker) {
      await database.query(STRIKE_DEAD, [beginningOf(worker)])
    },
  }
}
