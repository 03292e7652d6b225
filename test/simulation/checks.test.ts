import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { createChecks, createSubject } from './checks.ts'
import { createHistory } from './history.ts'

const ALLOW: Answer = GRANT_ANYONE
const BOUND_MS = 2_000

/** A session whose end was recorded at 1,000, and never said to be in force. */
function createScene(goneSinceMs: number) {
  const subject = createSubject('session', 's', 0)
  Object.assign(subject, { dyingAtMs: 900, recordedAtMs: 1_000 })
  const checks = createChecks({
    ...{ history: createHistory(false), subjects: [subject], boundMs: BOUND_MS },
    ...{ isHealthy: () => false, leaselessFromMs: () => goneSinceMs },
  })
  return (beganAtMs: number, answer = ALLOW) => {
    checks.answered({ subjects: [subject], beganAtMs, worker: 'w' }, answer, beganAtMs + 1)
    return checks.tally.violations.map(({ rule }) => rule)
  }
}

const RULE = 'recorded, and allowed without Redis'

test('what was recorded is not allowed without Redis when all leases of before are over', () => {
  assert.deepEqual(createScene(500)(3_000), [])
  assert.deepEqual(createScene(500)(3_001), [RULE])
  assert.deepEqual(createScene(500)(9_000, deny('authz.invalid_session')), [])
})

test('a lease that Redis gave after the record is let run out', () => {
  assert.deepEqual(createScene(4_000)(6_000), [])
  assert.deepEqual(createScene(4_000)(6_001), [RULE])
})

test('while any Redis runs nothing is known of what it gives', () => {
  assert.deepEqual(createScene(Number.POSITIVE_INFINITY)(60_000), [])
})
