import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRecent, type HashOf } from '../../src/cache/recent.ts'

/** All keys in one chain, or each in its own. */
const HASHES: readonly HashOf[] = [() => 7, (text, from) => text.charCodeAt(from)]

test('it agrees with a map under any history, however keys are hashed', () => {
  const key = fc.string({ minLength: 1, maxLength: 2 })
  const step = fc.record({ key, isRemoved: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(...HASHES), (steps, hashOf) => {
      const recent = createRecent<number>(hashOf)
      const model = new Map<string, number>()
      for (const [value, one] of steps.entries()) {
        const found = recent.find(`x${one.key}x`, 1, one.key.length)
        assert.equal(found?.value, model.get(one.key))
        if (found !== undefined) recent.remove(found)
        model.delete(one.key)
        if (one.isRemoved) continue
        recent.add(one.key, value, 0)
        model.set(one.key, value)
      }
      assert.deepEqual(recent.all.map(({ key }) => key).sort(), [...model.keys()].sort())
      for (const name of model.keys()) assert.ok(recent.find(name, 0, name.length))
    }),
  )
})

test('what was used since the hand came by is passed over once', () => {
  const recent = createRecent<string>(() => 0)
  for (const key of ['a', 'b', 'c']) recent.add(key, key, 0)
  const use = (...keys: string[]) => {
    for (const kept of recent.all) kept.isUsed ||= keys.includes(kept.key)
  }
  use('a', 'b')
  assert.equal(recent.idle()?.key, 'c')
  use('c')
  assert.equal(recent.idle()?.key, 'a')
})

test('where all were used one goes all the same, after a bounded walk', () => {
  const recent = createRecent<number>((_text, _from, length) => length)
  for (let number = 0; number < 1000; number++) recent.add(String(number), number, 0)
  for (const kept of recent.all) (kept as { isUsed: boolean }).isUsed = true
  assert.ok(recent.idle() !== undefined)
  assert.ok(recent.all.filter(({ isUsed }) => isUsed).length > 900)
})

test('of nothing nothing is idle', () => {
  const recent = createRecent<number>(() => 0)
  assert.equal(recent.idle(), undefined)
  recent.add('a', 1, 0)
  recent.clear()
  assert.equal(recent.idle(), undefined)
  assert.equal(recent.find('a', 0, 1), undefined)
})
