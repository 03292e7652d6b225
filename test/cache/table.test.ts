import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createTable, type HashOf } from '../../src/cache/table.ts'

interface Item {
  readonly id: string
  bornAtMs: number
  readonly tags: readonly string[]
}

function itemOf(id: string, tags: readonly string[] = []): Item {
  return { id, bornAtMs: 0, tags }
}

function tableOf(entriesMax: number, clock = { ms: 1000 }, hashOf?: HashOf) {
  return createTable<Item>({
    ...(hashOf === undefined ? {} : { hashOf }),
    entriesMax,
    ageMsMax: 100,
    tagsOf: (item) => item.tags,
    monotonicMs: () => clock.ms,
  })
}

test('what is remembered is recalled until it is too old', () => {
  const clock = { ms: 1000 }
  const table = tableOf(10, clock)
  const item = itemOf('a')
  table.remember(item)
  clock.ms = 1099
  assert.equal(table.recall('a'), item)
  clock.ms = 1101
  assert.equal(table.recall('a'), undefined)
})

test('use does not make an entry younger', () => {
  const clock = { ms: 1000 }
  const table = tableOf(10, clock)
  table.remember(itemOf('a'))
  for (clock.ms = 1010; clock.ms < 1100; clock.ms += 10) table.recall('a')
  clock.ms = 1101
  assert.equal(table.recall('a'), undefined)
})

test('beyond its size the least recently used entry goes', () => {
  const table = tableOf(2)
  table.remember(itemOf('a', ['x']))
  table.remember(itemOf('b', ['x']))
  table.recall('a')
  table.remember(itemOf('c', ['x']))
  assert.equal(table.recall('b'), undefined)
  assert.equal(table.entries(), 2)
  assert.equal(table.forgetTagged('x'), 2)
  assert.equal(table.entries(), 0)
})

test('a key is found where it stands in a text, and nothing beside it', () => {
  const table = tableOf(10)
  const item = itemOf('abc')
  table.remember(item)
  assert.equal(table.recallPart('xabcx', 1, 3), item)
  for (const from of [0, 2]) assert.equal(table.recallPart('xabcx', from, 3), undefined)
  for (const length of [2, 4]) assert.equal(table.recallPart('xabcx', 1, length), undefined)
})

test('an entry replaced under its key is found by its new tags alone', () => {
  const table = tableOf(10)
  table.remember(itemOf('a', ['old']))
  table.remember(itemOf('a', ['new']))
  assert.equal(table.forgetTagged('old'), 0)
  assert.equal(table.forgetTagged('new'), 1)
  assert.equal(table.recall('a'), undefined)
})

test('of two ids with one number the later stays, and neither is taken for the other', () => {
  const table = tableOf(10, { ms: 1000 }, () => 7)
  const [one, other] = [itemOf('a', ['x', 'y']), itemOf('b', ['x'])]
  table.remember(one)
  assert.equal(table.recall('b'), undefined)
  assert.equal(table.peek('b'), undefined)
  table.forget('b')
  assert.equal(table.recall('a'), one)
  table.remember(other)
  assert.deepEqual([table.recall('a'), table.recall('b')], [undefined, other])
  assert.deepEqual([table.entries(), table.forgetTagged('y'), table.entries()], [1, 0, 1])
  assert.deepEqual([table.forgetTagged('x'), table.entries()], [1, 0])
})

test('what is remembered again is the same entry, and as old as that', () => {
  const clock = { ms: 1000 }
  const table = tableOf(10, clock)
  const item = itemOf('a', ['x'])
  table.remember(item)
  clock.ms = 1090
  table.remember(item)
  clock.ms = 1180
  assert.equal(table.recall('a'), item)
  assert.deepEqual([table.forgetTagged('x'), table.entries()], [1, 0])
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
          table.remember(itemOf(one.key, one.tags))
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
