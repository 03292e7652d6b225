import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import { changeThen, isRecordedOnly } from '../../src/identity/recorded.ts'

const recorded = new Fault('not_in_force')
const away = new Fault('store_unavailable')

async function follows(problem: Fault | undefined): Promise<{ followed: number; thrown: unknown }> {
  let followed = 0
  const change = async () => {
    if (problem !== undefined) throw problem
    return 'changed'
  }
  try {
    const value = await changeThen(change, async () => followed++)
    assert.equal(value, 'changed')
    return { followed, thrown: undefined }
  } catch (thrown) {
    return { followed, thrown }
  }
}

test('what follows a change that is made is done', async () => {
  assert.deepEqual(await follows(undefined), { followed: 1, thrown: undefined })
})
test('what follows a change that is only recorded is done, and the fault is told', async () => {
  assert.deepEqual(await follows(recorded), { followed: 1, thrown: recorded })
})
test('what follows a change that failed is not done', async () => {
  assert.deepEqual(await follows(away), { followed: 0, thrown: away })
})
test('a store that is merely away has recorded nothing', () => {
  assert.equal(isRecordedOnly(recorded), true)
  assert.equal(isRecordedOnly(away), false)
  assert.equal(isRecordedOnly(new Error('not_in_force')), false)
})
