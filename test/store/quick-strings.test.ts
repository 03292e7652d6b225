import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { quickenStrings } from '../../src/store/quick-strings.ts'

setFlagsFromString('--allow-natives-syntax')
/** Whether V8 keeps the object in the form that its compiler can look into. */
const isQuick = new Function('object', 'return %HasFastProperties(object)') as (
  o: object,
) => boolean

test('a class that extends String makes strings slow, and they are made quick again', () => {
  class Slow extends String {}
  assert.equal(isQuick(String.prototype), false, Slow.name)
  quickenStrings()
  assert.equal(isQuick(String.prototype), true)
})

test('the driver of Redis leaves strings quick', async () => {
  await import('../../src/store/redis-link.ts')
  assert.equal(isQuick(String.prototype), true)
})
