import assert from 'node:assert/strict'
import test from 'node:test'
import { createMemory } from '../../src/authorizer/memory.ts'
import { openFactFlights } from '../../src/authorizer/open-facts.ts'
import { EVERY_SESSION, type Scope } from '../../src/core/invalidation.ts'
import type { Facts } from '../../src/core/principal.ts'
import { factsOf, NOW } from '../core/facts.ts'
import { createKeyWorld, KID } from './keys.ts'
import { ID } from './world.ts'

/** A store that answers with `reads` one after another, and a log that is at epoch `followed`. */
function createLoads(
  reads: { epoch: string; seq: number }[],
  followed = { epoch: '1.x', isLoading: true },
) {
  const memory = createMemory({ sessionsMax: 10, apikeysMax: 10, leaseMs: 2000 }, () => 0)
  const counted: string[] = []
  const state = { loads: 0, beats: 0 }
  const flights = openFactFlights({
    stores: {
      facts: {
        async load() {
          const read = reads[Math.min(state.loads++, reads.length - 1)]
          return { ...(read as { epoch: string; seq: number }), found: factsOf() as Facts }
        },
        touch: async () => {},
      },
    },
    memory,
    follower: {
      isLoading: () => followed.isLoading,
      epoch: () => followed.epoch,
      async beat() {
        state.beats++
        return true
      },
    },
    metrics: { countLoad: (_, outcome) => void counted.push(outcome) },
    nowMs: () => NOW,
  })
  return { flights, memory, state, counted }
}

const { session, principal } = factsOf()
const OVERTAKING: readonly [name: string, scope: Scope, id: string][] = [
  ['its session', 'session', session.hash],
  ['its user', 'user', principal.uid],
  ['every session', 'session', EVERY_SESSION],
]

for (const [name, scope, id] of OVERTAKING) {
  test(`a load that was overtaken by the end of ${name} is made again`, async () => {
    const { flights, memory, state, counted } = createLoads([
      { epoch: '1.x', seq: 6 },
      { epoch: '1.x', seq: 7 },
    ])
    memory.ring.record({ seq: 7, scope, id })
    assert.notEqual(await flights.fly(ID), undefined)
    assert.deepEqual([state.loads, counted], [2, ['overtaken', 'found']])
  })
}

test('a load from another epoch than the one followed is never believed', async () => {
  const { flights, memory, state } = createLoads([{ epoch: '2.y', seq: 100 }])
  await assert.rejects(flights.fly(ID), { code: 'store_conflict' })
  assert.equal(memory.table.entries(), 0)
  assert.equal(state.beats, state.loads)
})

test('while Postgres is gone by nothing that Redis says is believed', async () => {
  const followed = { epoch: '1.x', isLoading: false }
  const { flights, memory } = createLoads([{ epoch: '1.x', seq: 6 }], followed)
  await assert.rejects(flights.fly(ID), { code: 'store_conflict' })
  assert.equal(memory.table.entries(), 0)
  followed.isLoading = true
  assert.notEqual(await flights.fly(ID), undefined)
})

test('a key from another epoch than the one followed is never believed', async () => {
  const { dependencies, memory } = createKeyWorld({ epoch: '2.y' })
  await assert.rejects(dependencies.flights.fly(KID), { code: 'store_conflict' })
  assert.equal(memory.known.entries(), 0)
})
