import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createObituaries } from '../../src/authorizer/obituary.ts'
import { Fault } from '../../src/core/fault.ts'
import { createTurnedClock } from '../core/clock.ts'

function createScene() {
  const clock = createTurnedClock()
  const left: [string, number][] = []
  const faults: unknown[] = []
  const redis = { isAway: false }
  const struck: string[] = []
  const obituaries = createObituaries({
    ...{ clock, boundMs: 2_024, onFault: (fault: unknown) => faults.push(fault) },
    leave: [
      async (worker) => {
        if (redis.isAway) throw new Fault('store_unavailable')
        left.push([worker, clock.monotonicMs()])
      },
      async (worker) => void struck.push(worker),
    ],
  })
  return {
    clock,
    left,
    struck,
    faults,
    redis,
    publishDeath: obituaries.publish,
    drain: obituaries.drain,
  }
}

test('a death is told at once, and again after the last words of the dead', async () => {
  const { clock, left, publishDeath } = createScene()
  publishDeath('one')
  await clock.turn(0)
  assert.deepEqual(left, [['one', 0]])
  await clock.turn(5_000)
  assert.deepEqual(left, [
    ['one', 0],
    ['one', 100],
  ])
})

test('while Redis is away it is tried until nobody waits for the dead any more', async () => {
  const { clock, left, struck, faults, redis, publishDeath } = createScene()
  redis.isAway = true
  publishDeath('early')
  await clock.turn(950)
  // One list that is away holds up no other.
  assert.deepEqual(struck, ['early', 'early'])
  redis.isAway = false
  await clock.turn(200)
  assert.deepEqual(left, [
    ['early', 1_000],
    ['early', 1_100],
  ])
  assert.equal(faults.length, 10)
  redis.isAway = true
  publishDeath('late')
  await clock.turn(10_000)
  const tried = faults.length
  await clock.turn(10_000)
  assert.equal(faults.length, tried)
  assert.equal(left.length, 2)
})

test('who ends says what is owed once more, and waits for no store that is away', async () => {
  const { clock, left, struck, redis, publishDeath, drain } = createScene()
  publishDeath('said')
  await clock.turn(0)
  redis.isAway = true
  publishDeath('unsaid')
  await clock.turn(0)
  await drain()
  assert.deepEqual(left, [['said', 0]])
  assert.deepEqual(struck, ['said', 'unsaid', 'said', 'unsaid'])
  publishDeath('late')
  await drain()
  assert.deepEqual(struck.slice(4), ['late', 'late'])
})
