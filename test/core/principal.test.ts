import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStateAccepted } from '../../src/core/principal.ts'

test('only active and pending principals may pass', () => {
  for (const state of ['active', 'pending']) assert.ok(isStateAccepted(state))
  for (const state of ['banned', 'locked', 'deleted', 'Active', '']) {
    assert.ok(!isStateAccepted(state))
  }
})
