import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeActivity, encodeActivity } from '../../src/store/activity-record.ts'
import { encodeSession } from '../../src/store/record.ts'
import { activity } from './activity.ts'
import { sessionFor } from './worlds.ts'

test('an activity comes back as it was written', () => {
  const one = activity({ reason: 'authz.invalid_permission', result: 'denied' })
  assert.deepEqual(decodeActivity(encodeActivity(one)), one)
})

test('long texts are cut and control characters are gone', () => {
  const one = activity({ userAgent: `\u0000${'a'.repeat(5000)}`, path: '/a\u001bb' })
  const read = decodeActivity(encodeActivity(one))
  assert.equal(read.userAgent.length, 511)
  assert.equal(read.path, '/ab')
})

test('a flipped bit, a cut record and a record of another kind are garbage', () => {
  const bytes = encodeActivity(activity())
  const flipped = Uint8Array.from(bytes)
  flipped[20] = (flipped[20] as number) ^ 1
  for (const bad of [flipped, bytes.subarray(0, -1), encodeSession(sessionFor('ID1'))]) {
    assert.throws(() => decodeActivity(bad), { code: 'store_garbage' })
  }
})

test('a word that is not known here is garbage', () => {
  const odd = activity({ result: 'perhaps' as 'denied' })
  assert.throws(() => decodeActivity(encodeActivity(odd)), { code: 'store_garbage' })
})
