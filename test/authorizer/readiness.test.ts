import assert from 'node:assert/strict'
import { test } from 'node:test'
import { becomeAble, readinessOf } from '../../src/authorizer/readiness.ts'
import { compileRestrictions, type Restriction } from '../../src/core/restriction.ts'
import { policyOf } from '../core/facts.ts'

const ROW: Restriction = {
  ...{ id: 1, category: 'blacklist', scope: 'country', value: 'JP', code: 423, state: 'enabled' },
}

function problemsOf(
  state: { isLive?: boolean; isStale?: boolean; row?: Restriction; problem?: string } = {},
) {
  const { isLive = true, isStale = false, row, problem } = state
  const { restrictions } = compileRestrictions(row === undefined ? [] : [row])
  const { ready, problems } = readinessOf({
    lease: { isLive: () => isLive },
    policy: { current: () => policyOf({ restrictions }), isStale: () => isStale },
    places: { problem: () => problem },
    nowMs: 1,
  })
  assert.equal(ready, problems.length === 0)
  return problems.join()
}

test('ready with a lease, fresh rows, and places where they are asked for', () => {
  assert.equal(problemsOf(), '')
  assert.equal(problemsOf({ row: ROW }), '')
  assert.match(problemsOf({ isLive: false }), /no lease/)
  assert.match(problemsOf({ isStale: true }), /could not be loaded/)
  assert.match(problemsOf({ row: ROW, problem: 'no file' }), /of places are in force: no file/)
})

test('a missing file keeps nobody from being ready while no place is asked for', () => {
  assert.equal(problemsOf({ problem: 'no file' }), '')
  assert.equal(problemsOf({ row: { ...ROW, state: 'disabled' }, problem: 'no file' }), '')
})

/** An authorizer that begins; each beat takes half a second of its clock. */
function beginning(answers: { beats?: boolean; fresh?: boolean[]; load?: Error } = {}) {
  const { beats = true, fresh = [], load } = answers
  const done: string[] = []
  let nowMs = 0
  const parts = {
    follower: {
      start: async () => void done.push('start'),
      drain: async () => void done.push('drain'),
      async beat() {
        nowMs += 500
        done.push('beat')
        return beats
      },
    },
    policy: {
      async load() {
        done.push('load')
        if (load !== undefined) throw load
      },
      refresh: async () => fresh.shift() ?? true,
    },
    keys: { refresh: async () => true },
    clock: { monotonicMs: () => nowMs },
    meanwhile: () => void done.push('meanwhile'),
  }
  return { parts, done, nowMs: () => nowMs }
}

test('rows are read after the first heartbeat, and who is alone waits for no more', async () => {
  const { parts, done } = beginning({ beats: false })
  await becomeAble(parts, false)
  assert.deepEqual(done, ['start', 'load', 'meanwhile'])
})

test('a start that finds no rows takes itself off the list, and says why', async () => {
  const { parts, done } = beginning({ load: new Error('away') })
  await assert.rejects(becomeAble(parts, true), /away/)
  assert.deepEqual(done, ['start', 'load', 'meanwhile', 'drain'])
})

test('who joins others waits for a lease and fresh rows, but not for ever', async () => {
  const { parts, done } = beginning({ fresh: [false, true] })
  await becomeAble(parts, true)
  assert.deepEqual(done, ['start', 'load', 'meanwhile', 'beat', 'beat'])
  const never = beginning({ beats: false })
  await becomeAble(never.parts, true)
  assert.equal(never.nowMs(), 2_000)
})
