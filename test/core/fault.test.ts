import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'

test('a fault carries its code, what it is about, and its cause', () => {
  const cause = new Error('refused')
  const fault = new Fault('store_timeout', { cause, about: 'redis' })
  assert.equal(fault.code, 'store_timeout')
  assert.equal(fault.message, 'store_timeout: redis')
  assert.equal(fault.cause, cause)
  assert.equal(new Fault('store_garbage').message, 'store_garbage')
})
