import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, listenAddress } from '../../src/config/parsers.ts'
import { setting } from '../../src/config/setting.ts'

test('a setting without fallback has none and is required by nobody unless it says so', () => {
  const row = setting({ about: 'A.', parse: count({ min: 1, max: 2 }), for: ['dev'] })
  assert.equal(row.fallback, undefined)
  assert.deepEqual(row.requiredBy, [])
})

test('a setting and its fallback cannot be changed', () => {
  const row = setting({
    about: 'A.',
    parse: listenAddress,
    fallback: { kind: 'unix', path: '/a' },
    for: ['dev'],
  })
  assert.ok(Object.isFrozen(row))
  assert.ok(Object.isFrozen(row.fallback))
})
