import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyInvalidation } from '../../src/cache/apply.ts'
import { createRing, nameOf } from '../../src/cache/ring.ts'
import { createTable } from '../../src/cache/table.ts'
import { EVERY_SESSION, SCOPES } from '../../src/core/invalidation.ts'

function remembered() {
  const facts = createTable<{ id: string; bornAtMs: number; tags: string[] }>({
    entriesMax: 10,
    ageMsMax: 1e6,
    tagsOf: (value) => value.tags,
    monotonicMs: () => 1,
  })
  facts.remember({ id: 'a', bornAtMs: 0, tags: [nameOf('session', 'h1'), nameOf('user', 'u1')] })
  facts.remember({ id: 'b', bornAtMs: 0, tags: [nameOf('session', 'h2'), nameOf('user', 'u1')] })
  facts.remember({ id: 'c', bornAtMs: 0, tags: [nameOf('session', 'h3'), nameOf('user', 'u2')] })
  const heard: string[] = []
  return {
    facts,
    heard,
    ring: createRing(),
    policyChanged: () => heard.push('policy'),
    restrictionsChanged: () => heard.push('restrictions'),
    keyringChanged: () => heard.push('keyring'),
    left: () => ['a', 'b', 'c'].filter((key) => facts.recall(key) !== undefined).join(''),
  }
}

test('a session invalidation forgets that session alone', () => {
  const world = remembered()
  applyInvalidation(world, { scope: 'session', id: 'h1', seq: 1 })
  assert.equal(world.left(), 'bc')
})

test('a user invalidation forgets all facts about that user', () => {
  const world = remembered()
  applyInvalidation(world, { scope: 'user', id: 'u1', seq: 1 })
  assert.equal(world.left(), 'c')
})

test('a key invalidation forgets that key alone', () => {
  const world = remembered()
  world.facts.remember({ id: 'b', bornAtMs: 0, tags: [nameOf('key', 'k1'), nameOf('user', 'u1')] })
  applyInvalidation(world, { scope: 'key', id: 'k1', seq: 1 })
  assert.equal(world.left(), 'ac')
})

test('an id of one scope is nothing in another', () => {
  const world = remembered()
  applyInvalidation(world, { scope: 'key', id: 'h1', seq: 1 })
  assert.equal(world.left(), 'abc')
})

test('the end of every session forgets all facts', () => {
  const world = remembered()
  applyInvalidation(world, { scope: 'session', id: EVERY_SESSION, seq: 1 })
  assert.equal(world.left(), '')
})

test('policy, restrictions and keyring are told to their owners and forget no facts', () => {
  const world = remembered()
  for (const scope of ['policy', 'restrictions', 'keyring'] as const) {
    applyInvalidation(world, { scope, id: '', seq: 1 })
  }
  assert.deepEqual(world.heard, ['policy', 'restrictions', 'keyring'])
  assert.equal(world.left(), 'abc')
})

test('every scope is recorded, so that a load it overtook is not believed', () => {
  for (const scope of SCOPES) {
    const world = remembered()
    applyInvalidation(world, { scope, id: 'x', seq: 9 })
    assert.ok(!world.ring.admits(8, [nameOf(scope, 'x')]))
  }
})
