import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { keep } from '../../src/identity/keep.ts'
import { createTurnedClock } from '../core/clock.ts'

test('members are looked after while Postgres is away, which is said once', async () => {
  const clock = createTurnedClock()
  const said: string[] = []
  const done = { looks: 0, isAway: true }
  const away = async () => {
    if (done.isAway) throw new Fault('store_unavailable', { about: 'Postgres' })
    return 0
  }
  const keeping = keep(
    {
      keeper: { seal: async () => false, reconcile: away, copyIdle: async () => undefined },
      acknowledger: {
        async start() {},
        async lookAround() {
          done.looks++
        },
      },
      activities: {
        drain: async () => ({ stored: 0, damaged: 0 }),
      } as never,
    },
    clock,
    { warn: () => undefined, error: (_about: object, text: string) => said.push(text) } as never,
  )
  // While a store is away it is looked for more often: it may be back at any moment.
  await clock.turn(450)
  assert.deepEqual([done.looks, said.length], [5, 1])
  done.isAway = false
  await clock.turn(100)
  assert.equal(done.looks, 6)
  done.isAway = true
  await clock.turn(400)
  assert.equal(done.looks, 6)
  await clock.turn(100)
  assert.deepEqual([done.looks, said.length], [7, 2])
  await keeping.close()
  await clock.turn(5000)
  assert.equal(done.looks, 7)
})
