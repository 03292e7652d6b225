import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRing, nameOf } from '../../src/cache/ring.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'

function ended(id: string, seq: number): Invalidation {
  return { scope: 'session', id, seq }
}

test('a read before the invalidation of a name is not admitted; one at it or after is', () => {
  const ring = createRing()
  ring.record(ended('a', 5))
  const name = nameOf('session', 'a')
  assert.ok(!ring.admits(4, [name]))
  assert.ok(ring.admits(5, [name]))
  assert.ok(ring.admits(6, [name]))
})

test('every name must be admitted', () => {
  const ring = createRing()
  ring.record({ scope: 'user', id: 'u', seq: 5 })
  assert.ok(!ring.admits(4, [nameOf('session', 'a'), nameOf('user', 'u')]))
  assert.ok(ring.admits(4, [nameOf('session', 'u')]))
})

test('what falls off the ring raises its floor, so that nothing forgotten is admitted', () => {
  const ring = createRing(2)
  ring.record(ended('a', 1))
  ring.record(ended('b', 2))
  ring.record(ended('c', 3))
  assert.ok(!ring.admits(0, [nameOf('session', 'a')]))
  assert.ok(ring.admits(1, [nameOf('session', 'a')]))
  assert.ok(!ring.admits(1, [nameOf('session', 'b')]))
})

test('a name invalidated again is young again', () => {
  const ring = createRing(2)
  ring.record(ended('a', 1))
  ring.record(ended('b', 2))
  ring.record(ended('a', 3))
  ring.record(ended('c', 4))
  assert.ok(!ring.admits(2, [nameOf('session', 'a')]))
  assert.ok(ring.admits(2, [nameOf('session', 'b')]))
})

test('after a reset only reads from then on are admitted', () => {
  const ring = createRing()
  ring.record(ended('a', 1))
  ring.reset(10)
  assert.ok(!ring.admits(9, [nameOf('session', 'x')]))
  assert.ok(ring.admits(10, [nameOf('session', 'a')]))
})

test('what is younger than a reset has still overtaken reads from before it', () => {
  const ring = createRing()
  ring.record({ seq: 9, scope: 'session', id: 'old' })
  ring.record({ seq: 11, scope: 'session', id: 'young' })
  ring.reset(10)
  assert.equal(ring.admits(10, ['session:old']), true)
  assert.equal(ring.admits(10, ['session:young']), false)
  assert.equal(ring.admits(11, ['session:young']), true)
})
