import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEntry, readPush } from '../../src/store/push.ts'

const PUSHES = [
  { text: '7 session abc', expect: { seq: 7, scope: 'session', id: 'abc' } },
  { text: '7 policy ', expect: { seq: 7, scope: 'policy', id: '' } },
  { text: '7 policy', expect: undefined },
  { text: '7 nothing abc', expect: undefined },
  { text: '-7 session abc', expect: undefined },
  { text: '9999999999999999 session abc', expect: undefined },
  { text: '7 session a b', expect: undefined },
  { text: '', expect: undefined },
] as const
for (const { text, expect } of PUSHES) {
  test(`the push '${text}' ${expect === undefined ? 'cannot be read' : 'is read'}`, () => {
    assert.deepEqual(readPush(text), expect)
  })
}

test('an entry of the log is read from buffers', () => {
  const fields = ['s', 'user', 'd', 'ID1'].map((word) => Buffer.from(word))
  const entry = [Buffer.from('12-0'), fields]
  assert.deepEqual(readEntry(entry), { seq: 12, scope: 'user', id: 'ID1' })
})

const ENTRIES = [
  { name: 'another id', entry: ['12-1', ['s', 'user', 'd', 'ID1']] },
  { name: 'an unknown scope', entry: ['12-0', ['s', 'users', 'd', 'ID1']] },
  { name: 'other fields', entry: ['12-0', ['d', 'ID1', 's', 'user']] },
  { name: 'a field too few', entry: ['12-0', ['s', 'user', 'd']] },
  { name: 'nothing', entry: null },
]
for (const { name, entry } of ENTRIES) {
  test(`an entry with ${name} is garbage`, () => {
    assert.throws(() => readEntry(entry), { code: 'store_garbage' })
  })
}
