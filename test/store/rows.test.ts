import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SessionRow, sessionOf, wordsOf } from '../../src/store/rows.ts'
import { sessionFor } from './worlds.ts'

function rowOf(words: string): SessionRow {
  return {
    ...{ hash: 'h', uid: 'u', csrf_token: 'c', user_agent: 'a', address: '::1' },
    ...{ address_words: words, generation: 0 },
    ...{ created_at_ms: 1, ends_at_ms: 2, idle_at_ms: 3 },
  }
}

test('an address comes back as it was written', () => {
  const { address } = sessionFor('u')
  const again = sessionOf({ ...rowOf(wordsOf(address)), address: address.text }).address
  assert.deepEqual(again, address)
})

for (const words of ['', '5 0 0 0 1', '6 0 0 0', '6 0 0 0 1 2', '6 0 x 0 1', '6 0 0.5 0 1']) {
  test(`the words '${words}' are garbage`, () => {
    assert.throws(() => sessionOf(rowOf(words)), { code: 'store_garbage' })
  })
}
