import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSessionLine } from '../../src/store/session-line.ts'

const FIELDS = ['hash', 'ID1', 'csrf', '192.0.2.1', '4 0 0 0 1', '3', '1001', '1002', '1003']

test('a line is read as the row that it was made of', () => {
  for (const userAgent of ['', 'Mozilla/5.0 ü', 'with \x1f the separator\t']) {
    assert.deepEqual(readSessionLine([...FIELDS, userAgent].join('\x1f')), {
      ...{ hash: 'hash', uid: 'ID1', csrf_token: 'csrf', user_agent: userAgent },
      ...{ address: '192.0.2.1', address_words: '4 0 0 0 1', generation: 3 },
      ...{ created_at_ms: 1001, ends_at_ms: 1002, idle_at_ms: 1003 },
    })
  }
})

test('what is no line is a fault, never another session', () => {
  const agent = 'Mozilla'
  const lines = [
    '',
    'hash',
    FIELDS.join('\x1f'),
    ['a\x1fb', ...FIELDS.slice(1), agent].join('\x1f'),
    [...FIELDS.slice(0, 5), '', ...FIELDS.slice(6), agent].join('\x1f'),
    [...FIELDS.slice(0, 5), '1.5', ...FIELDS.slice(6), agent].join('\x1f'),
    [...FIELDS.slice(0, 8), '9007199254740993', agent].join('\x1f'),
  ]
  for (const line of lines) {
    assert.throws(() => readSessionLine(line), { code: 'store_garbage' }, line)
  }
})
