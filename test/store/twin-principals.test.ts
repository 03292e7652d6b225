import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTwinPrincipals } from '../../src/store/twin-principals.ts'

const of = (version: number, epochNumber = 1) => ({
  ...{ record: Uint8Array.of(version), version, epochNumber },
})

test('a change writes over what is older, whoever else brings it only where there is none', () => {
  const principals = createTwinPrincipals(() => 0)
  principals.introduce('u', of(1), 100)
  principals.introduce('u', of(2), 100)
  assert.equal(principals.read('u')?.version, 1)
  principals.post('u', of(3), 100)
  principals.post('u', of(2), 100)
  assert.equal(principals.read('u')?.version, 3)
})

test('what is of another sealing is written over, however new it is', () => {
  const principals = createTwinPrincipals(() => 0)
  principals.post('u', of(9), 100)
  principals.introduce('u', of(2, 2), 100)
  assert.deepEqual(principals.read('u'), of(2, 2))
  principals.post('u', of(1, 3), 100)
  assert.deepEqual(principals.read('u'), of(1, 3))
})

test('each that brings it makes it stay', () => {
  let nowMs = 0
  const principals = createTwinPrincipals(() => nowMs)
  principals.post('u', of(1), 100)
  principals.introduce('u', of(2), 300)
  nowMs = 200
  assert.equal(principals.read('u')?.version, 1)
  nowMs = 300
  assert.equal(principals.read('u'), undefined)
})
