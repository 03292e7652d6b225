import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTable } from '../../src/cache/table.ts'

interface Item {
  readonly tags: readonly string[]
}

function tableOf(entriesMax: number, clock = { ms: 1000 }) {
  return createTable<Item>({
    entriesMax,
    ageMsMax: 100,
    tagsOf: (item) => item.tags,
    monotonicMs: () => clock.ms,
  })
}

test('what is remembered is recalled until it is too old', () => {
  const clock = { ms: 1000 }
  const table = tableOf(10, clock)
  const item = { tags: [] }
  table.remember('a', item)
  clock.ms = 1099
  assert.equal(table.recall('a'), item)
  clock.ms = 1101
  assert.equal(table.recall('a'), undefined)
})

test('use does not make an entry younger', () => {
  const clock = { ms: 1000 }
  const table = tableOf(10, clock)
  table.remember('a', { tags: [] })
  for (clock.ms = 1010; clock.ms < 1100; clock.ms += 10) table.recall('a')
  clock.ms = 1101
  assert.equal(table.recall('a'), undefined)
})

test('beyond its size the least recently used entry goes', () => {
  const table = tableOf(2)
  table.remember('a', { tags: ['x'] })
  table.remember('b', { tags: ['x'] })
  table.recall('a')
  table.remember('c', { tags: ['x'] })
  assert.equal(table.recall('b'), undefined)
  assert.equal(table.entries(), 2)
  assert.equal(table.forgetTagged('x'), 2)
  assert.equal(table.entries(), 0)
})

test('a key is found where it stands in a text, and nothing beside it', () => {
  const table = tableOf(10)
  const item = { tags: [] }
  table.remember('abc', item)
  assert.equal(table.recallPart('xabcx', 1, 3), item)
  for (const from of [0, 2]) assert.equal(table.recallPart('xabcx', from, 3), undefined)
  for (const length of [2, 4]) assert.equal(table.recallPart('xabcx', 1, length), undefined)
})

test('an entry replaced under its key is found by its new tags alone', () => {
  const table = tableOf(10)
  table.remember('a', { tags: ['old'] })
  table.remember('a', { tags: ['new'] })
  assert.equal(table.forgetTagged('old'), 0)
  assert.equal(table.forgetTagged('new'), 1)
  assert.equal(table.recall('a'), undefined)
})

test('the table agrees with a plain list under any history', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const tag = fc.constantFrom('x', 'y', 'z')
  const step = fc.oneof(
    fc.record({ do: fc.constant('remember' as const), key, tags: fc.uniqueArray(tag) }),
    fc.record({ do: fc.constant('forget' as const), key }),
    fc.record({ do: fc.constant('forgetTagged' as const), tag }),
    fc.record({ do: fc.constant('forgetAll' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = tableOf(100)
      let model: { key: string; tags: readonly string[] }[] = []
      for (const one of steps) {
        if (one.do === 'remember') {
          table.remember(one.key, { tags: one.tags })
          model = [...model.filter(({ key }) => key !== one.key), one]
        } else if (one.do === 'forget') {
          table.forget(one.key)
          model = model.filter(({ key }) => key !== one.key)
        } else if (one.do === 'forgetTagged') {
          const gone = model.filter(({ tags }) => tags.includes(one.tag)).length
          assert.equal(table.forgetTagged(one.tag), gone)
          model = model.filter(({ tags }) => !tags.includes(one.tag))
        } else {
          table.forgetAll()
          model = []
        }
        assert.equal(table.entries(), model.length)
        for (const { key } of model) assert.notEqual(table.recall(key), undefined)
      }
    }),
    { numRuns: 2000 },
  )
})
