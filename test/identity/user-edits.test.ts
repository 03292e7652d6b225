import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInTurn } from '../../src/identity/user-edits.ts'

test('work is done one after the other, in order', async () => {
  const inTurn = createInTurn()
  const steps: string[] = []
  const work = (name: string) => async () => {
    steps.push(`${name} begins`)
    await new Promise(setImmediate)
    steps.push(`${name} ends`)
    return name
  }
  assert.deepEqual(await Promise.all([inTurn(work('a')), inTurn(work('b'))]), ['a', 'b'])
  assert.deepEqual(steps, ['a begins', 'a ends', 'b begins', 'b ends'])
})
test('work that fails is its caller’s to hear of, and holds nobody up', async () => {
  const inTurn = createInTurn()
  const failing = inTurn(async () => {
    throw new Error('mine')
  })
  const next = inTurn(async () => 'next')
  await assert.rejects(failing, /mine/)
  assert.equal(await next, 'next')
})
