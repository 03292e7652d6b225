import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readinessOf } from '../../src/authorizer/readiness.ts'
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
