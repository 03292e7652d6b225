import { createAuthorize } from '../../src/authorizer/authorize.ts'
import type { Acknowledger } from '../../src/store/acknowledge.ts'
import type { Board } from '../../src/store/board.ts'
import type { Roster } from '../../src/store/members.ts'
import type { Machine } from './machine.ts'
import type { Variation } from './variation.ts'

/** The product with one thing of the protocol taken away: each must be found out. */
export interface Mutant {
  readonly name: string
  readonly variation: Variation
  /** What the histories are about in which it is looked for. */
  readonly theme: string
  /** One of them that is known to show it: looked at before the others, where that is allowed. */
  readonly seed: number
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges at once',
    theme: 'links',
    seed: 6,
    variation: {
      acknowledger: (real) => ({
        ...real,
        async putInForce(apply) {
          const { seq, members } = await apply()
          return { inForce: Promise.resolve(receiptOf(seq, members.length)) }
        },
      }),
    },
  },
  {
    name: 'gives up waiting after 300 ms',
    theme: 'links',
    seed: 20,
    variation: { acknowledger: (real, machine) => impatient(real, machine, 300) },
  },
  {
    name: 'believes loads that were overtaken',
    theme: 'pushes',
    seed: 9,
    variation: { ring: (ring) => ({ ...ring, admits: () => true }) },
  },
  {
    name: 'does not look for gaps',
    theme: 'pushes',
    seed: 4,
    variation: {
      workerBoard: (board) => ({
        ...board,
        async heartbeat(worker, appliedSeq) {
          const head = await board.heartbeat(worker, appliedSeq)
          return appliedSeq === 0 ? head : { ...head, seq: appliedSeq }
        },
      }),
    },
  },
  {
    name: 'believes without a lease',
    theme: 'links',
    seed: 6,
    variation: { lease: (lease) => ({ ...lease, isLive: () => true }) },
  },
  {
    name: 'counts its lease from the reply',
    theme: 'waiting',
    seed: 52,
    variation: {
      lease: (lease, { clock }) => ({
        ...lease,
        grant: () => lease.grant(clock.monotonicMs(), clock.nowMs()),
      }),
    },
  },
  {
    name: 'reads the time once a turn',
    theme: 'waiting',
    seed: 7,
    variation: { clock: (machine) => machine.loopClock },
  },
  {
    name: 'trusts reports right after a new sealing',
    theme: 'split',
    seed: 2,
    variation: { waiterBoard: alwaysFirst, acknowledger: alwaysFirstPut },
  },
  {
    name: 'ignores how long a deposed primary may serve',
    theme: 'split',
    seed: 15,
    variation: { times: (times) => ({ ...times, fenceMs: 0 }) },
  },
  {
    name: 'decides by an uncached read without a lease',
    theme: 'split',
    seed: 24,
    variation: { corridor: undecided },
  },
  {
    name: 'seals without replaying Postgres',
    theme: 'restarts',
    seed: 5,
    variation: {
      keeperBoard: (board) => ({
        ...board,
        prepare: () => Promise.resolve(),
        preparePrincipals: () => Promise.resolve(),
        prepareKeys: () => Promise.resolve(),
      }),
    },
  },
  {
    name: 'leaves on a restored board what was ended',
    theme: 'restarts',
    seed: 27,
    variation: {
      keeperBoard: (board) => ({
        ...board,
        prepare: (filling, sessions) => board.prepare(filling, sessions, []),
      }),
    },
  },
  {
    name: 'revives sessions by their use',
    theme: 'calm',
    seed: 108,
    variation: { limits: (limits) => ({ ...limits, isTouchCreating: true }) },
  },
  {
    name: 'takes members off by wall time',
    theme: 'clocks',
    seed: 601,
    variation: { isPruningByWall: true },
  },
  {
    name: 'takes a worker off that is only stopped',
    theme: 'waiting',
    seed: 634,
    variation: { isStopTakenForDeath: true },
  },
  {
    name: 'does not wait for those who go on without Redis',
    theme: 'outage',
    seed: 61,
    variation: { isSecondUnheeded: true },
  },
  {
    name: 'goes on without Redis and hears of nothing',
    theme: 'outage',
    seed: 14,
    variation: {
      secondLeases: (real) => ({
        ...real,
        ask: async (name, appliedSeq) => (await real.ask(name, appliedSeq)) && [],
      }),
    },
  },
  {
    name: 'puts changes on a board of an earlier sealing',
    theme: 'split',
    seed: 63,
    variation: {
      outboxBoard: (board) => ({ ...board, apply: (notice) => board.apply(notice, 0) }),
    },
  },
  {
    name: 'takes any sealed board for the one that counts',
    theme: 'young',
    seed: 34,
    variation: {
      keeperBoard: (board) => ({
        ...board,
        sealedAs: async () => ((await board.sealedAs()) === undefined ? undefined : Infinity),
      }),
    },
  },
  {
    name: 'is sure that its board was not replaced',
    theme: 'young',
    seed: 95,
    variation: { acknowledger: certain },
  },
  {
    name: 'goes back to a board that was sealed before',
    theme: 'young',
    seed: 79,
    variation: { workerBoard: timeless },
  },
  {
    name: 'lets a login bring what changed of its holder',
    theme: 'ahead',
    seed: 11,
    variation: { limits: (limits) => ({ ...limits, isOverwriting: true }) },
  },
  {
    name: 'reports what it has not applied',
    theme: 'pushes',
    seed: 4,
    variation: {
      workerBoard: (board) => ({
        ...board,
        report: (worker, appliedSeq) => board.report(worker, appliedSeq + 1),
        heartbeat: (worker, appliedSeq) =>
          board.heartbeat(worker, appliedSeq === 0 ? 0 : appliedSeq + 1),
      }),
    },
  },
  {
    name: 'leaves the list and goes on',
    theme: 'links',
    seed: 6,
    variation: {
      workerBoard: (board) => ({
        ...board,
        async heartbeat(worker, appliedSeq) {
          const head = await board.heartbeat(worker, appliedSeq)
          await board.leave(worker)
          return head
        },
      }),
    },
  },
]

function receiptOf(seq: number, membersCount: number) {
  const counts = { seq, membersCount, reportedCount: membersCount }
  return { ...counts, afterMs: 0, path: 'fast' as const }
}

function impatient(real: Acknowledger, { clock }: Machine, forMs: number): Acknowledger {
  return {
    ...real,
    async putInForce(apply) {
      let roster: Roster | undefined
      const { inForce } = await real.putInForce(async () => {
        roster = await apply()
        return roster
      })
      const enough = new Promise<void>((resolve) => clock.setTimer(forMs, resolve))
      const given = enough.then(() => receiptOf(roster?.seq ?? 0, roster?.members.length ?? 0))
      return { inForce: Promise.race([inForce, given]) }
    },
  }
}

/** Every sealing looks like the first one ever, before which there were no leases. */
const first = (roster: Roster): Roster => ({ ...roster, epoch: `1.${roster.epoch}` })

function alwaysFirst(board: Board): Board {
  return {
    ...board,
    members: async () => first(await board.members()),
    hearReports: () => Promise.resolve(),
  }
}

function alwaysFirstPut(real: Acknowledger): Acknowledger {
  return { ...real, putInForce: (apply) => real.putInForce(async () => first(await apply())) }
}

/** What was taken once is not put on the same board again. */
function certain(real: Acknowledger): Acknowledger {
  return {
    ...real,
    putInForce(apply) {
      let last: Roster | undefined
      return real.putInForce(async () => {
        const isAgain = last !== undefined
        const taken = last
        last = undefined
        if (isAgain && taken !== undefined) return taken
        last = await apply()
        return last
      })
    },
  }
}

/** Of no board can be told whether it was sealed before another. */
function timeless(board: Board): Board {
  const alike = async <T extends { readonly epoch: string }>(asked: Promise<T>): Promise<T> => {
    const answer = await asked
    return { ...answer, epoch: `${Number.MAX_SAFE_INTEGER}.${answer.epoch}` }
  }
  return {
    ...board,
    load: (hash) => alike(board.load(hash)),
    loadKey: (kid) => alike(board.loadKey(kid)),
    heartbeat: (worker, appliedSeq) => alike(board.heartbeat(worker, appliedSeq)),
  }
}

/** Where nothing remembered may be believed the store's word is taken, whichever store that is. */
function undecided(
  corridor: ReturnType<typeof createAuthorize>,
  deps: Parameters<typeof createAuthorize>[0],
): ReturnType<typeof createAuthorize> {
  const reading = createAuthorize({ ...deps, lease: { ...deps.lease, isLive: () => true } })
  return (check, found) =>
    deps.lease.isLive(deps.monotonicMs()) ? corridor(check, found) : reading(check, found)
}
