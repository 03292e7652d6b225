import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry } from '../../src/authorizer/grants.ts'
import { createMemory, namesOf } from '../../src/authorizer/memory.ts'
import { factsOf, NOW } from '../core/facts.ts'

test('facts are forgotten by their session and by their user', () => {
  const facts = factsOf()
  const [session, user] = namesOf(facts) as [string, string]
  for (const name of [session, user]) {
    const { table } = createMemory({ sessionsMax: 10, leaseMs: 2000 }, () => 1)
    table.remember('id', createEntry(facts, NOW))
    assert.equal(table.forgetTagged(name), 1)
    assert.equal(table.recall('id'), undefined)
  }
})

test('nothing is believed at first, and no entry longer than ten minutes', () => {
  const clock = { ms: 1000 }
  const { table, lease } = createMemory({ sessionsMax: 10, leaseMs: 2000 }, () => clock.ms)
  assert.ok(!lease.isLive(clock.ms))
  table.remember('id', createEntry(factsOf(), NOW))
  clock.ms += 10 * 60_000 + 1
  assert.equal(table.recall('id'), undefined)
})
