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
  followed: Partial<{ epoch: string; isLoading: boolean; heads: number[] }> = {},
) {
  const memory = createMemory({ sessionsMax: 10, apikeysMax: 10, leaseMs: 2000 }, () => 0)
  const counted: string[] = []
  const state = { loads: 0, beats: 0, appliedSeq: 100, epoch: '1.x', isLoading: true, ...followed }
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
      isLoading: () => state.isLoading,
      epoch: () => state.epoch,
      appliedSeq: () => state.appliedSeq,
      async beat() {
        state.appliedSeq = followed.heads?.[state.beats] ?? state.appliedSeq
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
  assert.equal(state.beats, 2 * state.loads)
})

test('what was read at an entry that is not applied yet waits until it is', async () => {
  // The heartbeat that was under way already knew less than the read.
  for (const heads of [[7], [6, 7], [9]]) {
    const { flights, state } = createLoads([{ epoch: '1.x', seq: 7 }], { heads })
    state.appliedSeq = 5
    assert.notEqual(await flights.fly(ID), undefined)
    assert.deepEqual([state.loads, state.beats], [1, heads.length])
  }
})

test('where the log cannot be asked nothing is decided by what is newer than it', async () => {
  const { flights, memory, state, counted } = createLoads([{ epoch: '1.x', seq: 7 }])
  state.appliedSeq = 6
  await assert.rejects(flights.fly(ID), { code: 'store_conflict' })
  assert.equal(memory.table.entries(), 0)
  assert.deepEqual(new Set(counted), new Set(['overtaken']))
  state.appliedSeq = 7
  assert.notEqual(await flights.fly(ID), undefined)
})

test('an entry that is applied already costs no heartbeat', async () => {
  const { flights, state } = createLoads([{ epoch: '1.x', seq: 7 }])
  state.appliedSeq = 7
  assert.notEqual(await flights.fly(ID), undefined)
  assert.equal(state.beats, 0)
})

test('while Postgres is gone by nothing that Redis says is believed', async () => {
  const { flights, memory, state } = createLoads([{ epoch: '1.x', seq: 6 }], { isLoading: false })
  await assert.rejects(flights.fly(ID), { code: 'store_conflict' })
  assert.equal(memory.table.entries(), 0)
  state.isLoading = true
  assert.notEqual(await flights.fly(ID), undefined)
})

test('a key from another epoch than the one followed is never believed', async () => {
  const { dependencies, memory } = createKeyWorld({ epoch: '2.y' })
  await assert.rejects(dependencies.flights.fly(KID), { code: 'store_conflict' })
  assert.equal(memory.known.entries(), 0)
})
