import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { createAcknowledger, type Receipt } from '../../src/store/acknowledge.ts'
import type { Member, ReportHandler, Roster } from '../../src/store/members.ts'
import { readListed, readMembers, readReport } from '../../src/store/members.ts'
import { createReceipts, mergeReceipts } from '../../src/store/receipts.ts'
import { leaseBoundMs } from '../../src/store/seal-watch.ts'
import { createTurnedClock } from '../core/clock.ts'

const LEASE = 2000
const BOUND = leaseBoundMs(LEASE)
const FIRST_SEQ = 2 ** 32

/** A board of which only the members' list is there, and a clock to turn. */
function createScene(fenceMs = 0) {
  const clock = createTurnedClock()
  const board = { n: 1, seq: FIRST_SEQ, members: [] as Member[], isAway: false, isFenced: false }
  const pruned: string[] = []
  let handler: ReportHandler | undefined
  const roster = (): Roster => ({
    epoch: `${board.n}.run`,
    seq: board.seq,
    members: board.members.map((one) => ({ ...one })),
  })
  const answer = <T>(value: () => T) =>
    board.isAway ? Promise.reject(new Fault('store_unavailable')) : Promise.resolve().then(value)
  const acknowledger = createAcknowledger({
    ...{ clock, leaseMs: LEASE, fenceMs, retryMs: 1000, onFault: () => undefined },
    board: {
      members: () => answer(roster),
      prune: (worker, beat) =>
        answer(() => {
          const at = board.members.findIndex((one) => one.worker === worker && one.beat === beat)
          if (at !== -1) pruned.push(...board.members.splice(at, 1).map((one) => one.worker))
          return at !== -1
        }),
      async hearReports(given) {
        handler = given
      },
    },
  })
  const apply = () =>
    answer(() => {
      if (board.isFenced) throw new Fault('store_unavailable', { about: 'NOREPLICAS' })
      board.seq += 1
      return roster()
    })
  /** Ends when the change is in force; what is seen of it before that is `seen`. */
  function revoke() {
    const seen = { receipt: undefined as Receipt | undefined, fault: undefined as unknown }
    const done = acknowledger
      .putInForce(apply)
      .then(({ inForce }) => inForce)
      .then(
        (receipt) => {
          seen.receipt = receipt
        },
        (fault: unknown) => {
          seen.fault = fault
        },
      )
    return { seen, done }
  }
  const join = (worker: string, beat: number) =>
    board.members.push({ worker, beat, appliedSeq: board.seq })
  const say = (worker: string) => handler?.reported(worker, board.seq)
  const reseal = (n: number) => Object.assign(board, { n, seq: n * 2 ** 32, members: [] })
  return { clock, board, pruned, acknowledger, revoke, join, say, reseal, hear: () => handler }
}

function receiptOf(seen: { readonly receipt: Receipt | undefined }): Receipt {
  assert.ok(seen.receipt !== undefined)
  return seen.receipt
}

test('without members a change is in force at once', async () => {
  const { revoke, acknowledger } = createScene()
  await acknowledger.start()
  const { seen, done } = revoke()
  await done
  assert.deepEqual(seen.receipt, {
    ...{ seq: FIRST_SEQ + 1, membersCount: 0, reportedCount: 0, afterMs: 0, path: 'fast' },
  })
})

test('it is in force when every member has said so, not sooner', async () => {
  const { revoke, acknowledger, join, say, clock } = createScene()
  await acknowledger.start()
  join('a', 1)
  join('b', 2)
  const { seen, done } = revoke()
  await clock.turn(4)
  say('a')
  await clock.turn(0)
  assert.equal(seen.receipt, undefined)
  say('b')
  await done
  const { path, membersCount, reportedCount, afterMs } = receiptOf(seen)
  assert.deepEqual([path, membersCount, reportedCount, afterMs], ['fast', 2, 2, 4])
})

test('who says nothing is waited for until its lease is over on any clock', async () => {
  const { revoke, acknowledger, join, say, clock } = createScene()
  await acknowledger.start()
  join('a', 1)
  join('mute', 2)
  const { seen } = revoke()
  await clock.turn(0)
  say('a')
  await clock.turn(BOUND - 1)
  assert.equal(seen.receipt, undefined)
  await clock.turn(1)
  const { path, membersCount, reportedCount } = receiptOf(seen)
  assert.deepEqual([path, membersCount, reportedCount], ['slow', 2, 1])
})

test('a report that was lost is found in the list', async () => {
  const { revoke, acknowledger, join, board, clock } = createScene()
  await acknowledger.start()
  join('a', 1)
  const { seen } = revoke()
  await clock.turn(10)
  board.members = [{ worker: 'a', beat: 1, appliedSeq: board.seq }]
  await clock.turn(15)
  assert.equal(seen.receipt?.path, 'fast')
})

test('who leaves is not waited for, by the list and not by the word alone', async () => {
  const { revoke, acknowledger, join, board, clock, hear } = createScene()
  await acknowledger.start()
  join('a', 1)
  const { seen } = revoke()
  await clock.turn(0)
  // Of a departure before the change, late on its way: the member came back since.
  hear()?.changed()
  await clock.turn(0)
  assert.equal(seen.receipt, undefined)
  board.members = []
  hear()?.changed()
  await clock.turn(0)
  assert.equal(receiptOf(seen).path, 'fast')
})

test('after a new sealing nothing is fast until leases of the one before are over', async () => {
  const { revoke, acknowledger, reseal, clock } = createScene(1500)
  await acknowledger.start()
  reseal(2)
  const { seen } = revoke()
  await clock.turn(1500 + BOUND - 1)
  assert.equal(seen.receipt, undefined)
  await clock.turn(1)
  assert.notEqual(seen.receipt, undefined)
  const { seen: later, done } = revoke()
  await done
  assert.equal(later.receipt?.afterMs, 0)
})

test('a sealing during the wait puts the change on the new board', async () => {
  const { revoke, acknowledger, reseal, join, clock } = createScene()
  await acknowledger.start()
  join('a', 1)
  const { seen } = revoke()
  await clock.turn(10)
  reseal(2)
  await clock.turn(BOUND + 100)
  assert.equal(seen.receipt?.seq, 2 * FIRST_SEQ + 1)
})

test('sealed anew too late to be certain in time: recorded only, and said at once', async () => {
  const fenceMs = 1500
  const { revoke, acknowledger, reseal, join, clock } = createScene(fenceMs)
  await acknowledger.start()
  join('a', 1)
  const { seen } = revoke()
  await clock.turn(10)
  reseal(2)
  await clock.turn(1500)
  assert.equal(seen.fault, undefined)
  reseal(3)
  await clock.turn(1000)
  assert.equal(seen.receipt, undefined)
  assert.equal((seen.fault as Fault | undefined)?.code, 'not_in_force')
  const { seen: later } = revoke()
  await clock.turn(fenceMs + BOUND)
  assert.equal(later.receipt?.seq, 3 * FIRST_SEQ + 2)
})

test('a board that may have been replaced is asked to take the change once more', async () => {
  const fenceMs = 1500
  const { revoke, acknowledger, board, reseal, clock } = createScene(fenceMs)
  await acknowledger.start()
  reseal(2)
  const { seen } = revoke()
  const { seen: later } = revoke()
  await clock.turn(0)
  const putOnce = board.seq
  await clock.turn(fenceMs + BOUND)
  assert.equal(seen.receipt?.seq, 2 * FIRST_SEQ + 1)
  assert.equal(later.receipt?.seq, 2 * FIRST_SEQ + 2)
  assert.equal(board.seq, putOnce + 2)
  const { done } = revoke()
  await done
  assert.equal(board.seq, putOnce + 3)
})

test('one that takes nothing any more by then was replaced: nothing is acknowledged', async () => {
  const fenceMs = 1500
  const { revoke, acknowledger, board, reseal, clock } = createScene(fenceMs)
  await acknowledger.start()
  reseal(2)
  const { seen } = revoke()
  await clock.turn(fenceMs)
  board.isFenced = true
  await clock.turn(BOUND)
  assert.equal(seen.receipt, undefined)
  await clock.turn(2_000)
  assert.equal((seen.fault as Fault | undefined)?.code, 'not_in_force')
})

test('a board that is away is tried for a while, then it is recorded only', async () => {
  const { revoke, acknowledger, board, clock } = createScene()
  await acknowledger.start()
  board.isAway = true
  const early = revoke()
  await clock.turn(500)
  board.isAway = false
  await clock.turn(50)
  assert.notEqual(early.seen.receipt, undefined)
  board.isAway = true
  const late = revoke()
  await clock.turn(1000)
  assert.equal((late.seen.fault as Fault).code, 'not_in_force')
})

test('a member is taken off once its heart has stood still for the bound', async () => {
  const { acknowledger, join, board, clock, pruned } = createScene()
  join('alive', 1)
  join('dead', 2)
  for (let beat = 3; clock.monotonicMs() < BOUND + 500; beat++) {
    await acknowledger.lookAround()
    if (clock.monotonicMs() < BOUND) assert.deepEqual(pruned, [])
    board.members = board.members.map((one) => (one.worker === 'alive' ? { ...one, beat } : one))
    await clock.turn(500)
  }
  assert.deepEqual(pruned, ['dead'])
})

test('changes of one call are waited for together, and outside of one each by itself', async () => {
  const one: Receipt = { seq: 5, membersCount: 2, reportedCount: 1, afterMs: 9, path: 'slow' }
  const two: Receipt = { seq: 6, membersCount: 3, reportedCount: 3, afterMs: 4, path: 'fast' }
  const counted: Receipt[] = []
  const receipts = createReceipts((receipt) => counted.push(receipt))
  let settle: (receipt: Receipt) => void = () => undefined
  const late = new Promise<Receipt>((resolve) => {
    settle = resolve
  })
  const collected = receipts.collect(async () => {
    await receipts.note(Promise.resolve({ inForce: late }))
    await receipts.note(Promise.resolve({ inForce: Promise.resolve(two) }))
    settle(one)
    return 'value'
  })
  assert.deepEqual(await collected, { value: 'value', receipt: mergeReceipts([one, two]) })
  assert.deepEqual(mergeReceipts([one, two]), { ...two, afterMs: 9, path: 'slow' })
  assert.deepEqual((await receipts.collect(async () => 1)).receipt, undefined)
  const failed = Promise.reject<never>(new Fault('not_in_force'))
  failed.catch(() => undefined)
  const recorded = () => Promise.resolve({ inForce: failed })
  await assert.rejects(receipts.note(recorded()), { code: 'not_in_force' })
  await assert.rejects(
    receipts.collect(() => receipts.note(recorded())),
    { code: 'not_in_force' },
  )
  assert.equal(counted.length, 2)
})

test('marks and reports are read strictly', () => {
  assert.deepEqual(readMembers(['w', '7,3']), [{ worker: 'w', appliedSeq: 7, beat: 3 }])
  const listed = { worker: 'w', appliedSeq: 7, sinceMs: 100, beatAtMs: 200 }
  assert.deepEqual(readListed(['w', '7,3,100,200']), [listed])
  assert.deepEqual(readMembers(['w', '7,3,100,200']), [{ worker: 'w', appliedSeq: 7, beat: 3 }])
  assert.throws(() => readMembers(['w', '7,3,1']), { code: 'store_garbage' })
  assert.throws(() => readMembers(['w', '7']), { code: 'store_garbage' })
  assert.deepEqual(readReport('w_-1 42'), { worker: 'w_-1', appliedSeq: 42 })
  assert.equal(readReport('left'), undefined)
})
