import assert from 'node:assert/strict'
import test from 'node:test'
import { fuzz } from './fuzz.ts'
import { tokenTarget } from './tokens.ts'

test('a hundred thousand tokens and bare signatures are those of node:crypto', async () => {
  const { inputsCount, disagreements } = await fuzz(tokenTarget, {
    seed: '7519',
    inputsCount: 100_000,
  })
  assert.deepEqual(
    disagreements.map(({ reason }) => reason),
    [],
  )
  assert.ok(inputsCount >= 100_000)
})
