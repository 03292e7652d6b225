import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFollower } from '../../src/authorizer/follow.ts'
import { createLease } from '../../src/cache/lease.ts'
import { createRing, nameOf } from '../../src/cache/ring.ts'
import { createTable } from '../../src/cache/table.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'
import { EPOCH_STRIDE } from '../../src/store/board.ts'
import type { InvalidationHandler } from '../../src/store/invalidations.ts'
import { systemClock } from '../../src/store/system-clock.ts'

interface Fact {
  readonly id: string
  bornAtMs: number
  readonly tags: readonly string[]
}

/** A log in memory that can be cut off, trimmed and replaced. */
function createWorld() {
  const clock = { ms: 10_000, wallAheadMs: 50_000 }
  const log = {
    epoch: '1.a',
    entries: [] as Invalidation[],
    firstSeq: 1,
    isDown: false,
    left: '',
    reported: [] as number[],
    answerMs: 0,
  }
  let handler: InvalidationHandler | undefined
  const facts = createTable<Fact>({
    entriesMax: 100,
    ageMsMax: 1e9,
    tagsOf: (fact) => fact.tags,
    monotonicMs: () => clock.ms,
  })
  const changes = { policy: 0, restrictions: 0, keyring: 0 }
  const faults: unknown[] = []
  const lease = createLease(2000)
  const ring = createRing()
  const headSeq = () => log.entries.at(-1)?.seq ?? 0
  const follower = createFollower({
    worker: 'w1',
    lease,
    remembered: {
      facts,
      ring,
      policyChanged: () => changes.policy++,
      restrictionsChanged: () => changes.restrictions++,
      keyringChanged: () => changes.keyring++,
    },
    clock: {
      ...systemClock,
      monotonicMs: () => clock.ms,
      nowMs: () => clock.ms + clock.wallAheadMs,
    },
    heartbeatMs: 1e6,
    onFault: (fault) => faults.push(fault),
    invalidations: {
      async heartbeat() {
        if (log.isDown) throw new Fault('store_unavailable')
        const head = { epoch: log.epoch, seq: headSeq() }
        clock.ms += log.answerMs
        return head
      },
      async since(seq) {
        if (seq + 1 < log.firstSeq) return undefined
        return log.entries.filter((entry) => entry.seq > seq)
      },
      async subscribe(given) {
        handler = given
      },
      async report(_worker, appliedSeq) {
        log.reported.push(appliedSeq)
      },
      async leave(worker) {
        log.left = worker
      },
    },
  })
  function end(id: string, isPushed = true): void {
    const message: Invalidation = { scope: 'session', id, seq: headSeq() + 1 }
    log.entries.push(message)
    if (isPushed) handler?.invalidated(message)
  }
  function remember(id: string): void {
    facts.remember({ id, bornAtMs: 0, tags: [nameOf('session', id)] })
  }
  return {
    clock,
    log,
    facts,
    changes,
    faults,
    lease,
    ring,
    follower,
    end,
    remember,
    hear: () => handler,
  }
}

test('a heartbeat gives a lease from the instant it was sent', async () => {
  const world = createWorld()
  await world.follower.start()
  assert.equal(world.lease.remainingMs(world.clock.ms), 2000)
  world.clock.ms += 1000
  world.log.answerMs = 700
  assert.ok(await world.follower.beat())
  assert.equal(world.lease.remainingMs(world.clock.ms), 1300)
  await world.follower.drain()
})

test('a pushed invalidation is applied at once', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  world.end('a')
  assert.equal(world.facts.recall('a'), undefined)
  assert.equal(world.follower.appliedSeq(), 1)
  await world.follower.drain()
})

test('a lost push is made up for at the next heartbeat, before the lease is granted', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  world.end('a', false)
  assert.notEqual(world.facts.recall('a'), undefined)
  assert.ok(await world.follower.beat())
  assert.equal(world.facts.recall('a'), undefined)
  await world.follower.drain()
})

test('a gap seen in a push is filled from the log at once', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  world.remember('b')
  world.end('a', false)
  world.end('b')
  assert.equal(world.facts.recall('b'), undefined)
  assert.equal(world.follower.appliedSeq(), 0)
  await world.follower.beat()
  assert.equal(world.facts.recall('a'), undefined)
  assert.equal(world.follower.appliedSeq(), 2)
  await world.follower.drain()
})

test('pushes twice and out of order never skip an entry', async () => {
  const world = createWorld()
  await world.follower.start()
  world.end('a', false)
  world.end('b', false)
  const [first, second] = world.log.entries as [Invalidation, Invalidation]
  world.hear()?.invalidated(second)
  assert.equal(world.follower.appliedSeq(), 0)
  world.hear()?.invalidated(first)
  world.hear()?.invalidated(first)
  assert.equal(world.follower.appliedSeq(), 1)
  await world.follower.beat()
  assert.equal(world.follower.appliedSeq(), 2)
  await world.follower.drain()
})

test('a log trimmed beyond what was applied means starting over with empty hands', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  world.end('x', false)
  world.end('y', false)
  world.log.firstSeq = 3
  assert.ok(await world.follower.beat())
  assert.equal(world.facts.entries(), 0)
  assert.ok(!world.ring.admits(1, []))
  await world.follower.drain()
})

test('starting over begins where pushes have come, not where the answer was', async () => {
  const world = createWorld()
  await world.follower.start()
  world.end('x', false)
  world.end('y', false)
  world.log.firstSeq = 3
  const beating = world.follower.beat()
  world.end('z')
  assert.ok(await beating)
  assert.equal(world.follower.appliedSeq(), 3)
  assert.equal(world.follower.headSeq(), 3)
  assert.ok(!world.ring.admits(2, []))
  await world.follower.drain()
})

test('another epoch means starting over, policy and keyring included', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  const before = { ...world.changes }
  world.log.epoch = '2.b'
  await world.follower.beat()
  assert.equal(world.facts.entries(), 0)
  assert.equal(world.changes.policy, before.policy + 1)
  assert.equal(world.changes.keyring, before.keyring + 1)
  assert.equal(world.follower.epoch(), '2.b')
  await world.follower.drain()
})

test('a board that was sealed before the one that was followed is not believed', async () => {
  const { follower, log, lease, clock, faults } = createWorld()
  log.epoch = '3.b'
  await follower.start()
  log.epoch = '2.a'
  clock.ms += 1_900
  await follower.beat()
  assert.equal((faults.at(-1) as Fault).code, 'store_unsealed')
  assert.equal(lease.isLive(clock.ms), true)
  clock.ms += 101
  assert.equal(lease.isLive(clock.ms), false)
  assert.equal(follower.epoch(), '3.b')
  log.epoch = '4.a'
  assert.equal(await follower.beat(), true)
  assert.equal(follower.epoch(), '4.a')
  await follower.drain()
})

test('nor is one that was sealed before one that pushes were heard of', async () => {
  const { follower, log, lease, clock, faults, hear } = createWorld()
  log.epoch = '2.a'
  await follower.start()
  hear()?.invalidated({ scope: 'user', id: 'u', seq: 3 * EPOCH_STRIDE + 1 })
  await follower.beat()
  assert.equal((faults.at(-1) as Fault).code, 'store_unsealed')
  clock.ms += 2_001
  assert.equal(lease.isLive(clock.ms), false)
  log.epoch = '3.b'
  assert.equal(await follower.beat(), true)
  assert.equal(follower.epoch(), '3.b')
  await follower.drain()
})

test('without an answer the lease runs out, and a heartbeat later brings it back', async () => {
  const world = createWorld()
  await world.follower.start()
  world.log.isDown = true
  world.clock.ms += 1999
  assert.ok(await world.follower.beat())
  world.clock.ms += 1
  assert.ok(!(await world.follower.beat()))
  assert.equal(world.faults.length, 2)
  world.log.isDown = false
  assert.ok(await world.follower.beat())
  await world.follower.drain()
})

test('a push missed while cut off is applied before anything is believed again', async () => {
  const world = createWorld()
  await world.follower.start()
  world.remember('a')
  world.log.isDown = true
  world.end('a', false)
  world.clock.ms += 5000
  assert.ok(!world.lease.isLive(world.clock.ms))
  world.log.isDown = false
  world.hear()?.interrupted()
  await world.follower.beat()
  assert.ok(world.lease.isLive(world.clock.ms))
  assert.equal(world.facts.recall('a'), undefined)
  await world.follower.drain()
})

test('a follower that drains believes nothing more and leaves the members', async () => {
  const world = createWorld()
  await world.follower.start()
  await world.follower.drain()
  assert.ok(!world.lease.isLive(world.clock.ms))
  assert.equal(world.log.left, 'w1')
})
