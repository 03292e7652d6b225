import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry } from '../../src/authorizer/grants.ts'
import { createKeyEntry } from '../../src/authorizer/key-memory.ts'
import { createMemory, namesOf, rememberedOf } from '../../src/authorizer/memory.ts'
import { factsOf, NOW } from '../core/facts.ts'
import { keyFactsOf, VERIFIERS } from './keys.ts'

test('facts are forgotten by their session and by their user', () => {
  const facts = factsOf()
  const [session, user] = namesOf(facts) as [string, string]
  for (const name of [session, user]) {
    const { table } = createMemory({ sessionsMax: 10, apikeysMax: 100, leaseMs: 2000 }, () => 1)
    table.remember(createEntry('id', facts, NOW))
    assert.equal(table.forgetTagged(name), 1)
    assert.equal(table.recall('id'), undefined)
  }
})

test('nothing is believed at first, and no entry longer than ten minutes', () => {
  const clock = { ms: 1000 }
  const { table, lease } = createMemory(
    { sessionsMax: 10, apikeysMax: 100, leaseMs: 2000 },
    () => clock.ms,
  )
  assert.ok(!lease.isLive(clock.ms))
  table.remember(createEntry('id', factsOf(), NOW))
  clock.ms += 10 * 60_000 + 1
  assert.equal(table.recall('id'), undefined)
})

test('an invalidation reaches sessions, keys and what is known to be no key', () => {
  const memory = createMemory({ sessionsMax: 10, apikeysMax: 100, leaseMs: 2000 }, () => 1)
  const remembered = rememberedOf(memory)
  const [, user] = namesOf(factsOf()) as [string, string]
  const fill = () => {
    memory.table.remember(createEntry('id', factsOf(), NOW))
    memory.keys.known.remember(createKeyEntry(keyFactsOf(), VERIFIERS))
    memory.keys.unknown.remember({ id: 'other', bornAtMs: 0 })
  }
  fill()
  assert.equal(remembered.forgetTagged(user), 2)
  assert.equal(remembered.forgetTagged('key:other'), 1)
  fill()
  remembered.forgetAll()
  assert.equal(memory.table.entries() + memory.keys.known.entries(), 0)
  assert.equal(memory.keys.unknown.entries(), 0)
})
