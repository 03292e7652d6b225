import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRefreshed } from '../../src/authorizer/refresh.ts'

test('what changed is stale until it is loaded, and loads asked for at once are one', async () => {
  let loads = 0
  const rows = createRefreshed(
    async () => void loads++,
    () => undefined,
  )
  assert.ok(rows.isStale())
  assert.deepEqual(await Promise.all([rows.refresh(), rows.refresh()]), [true, true])
  assert.deepEqual([rows.isStale(), loads], [false, 1])
  assert.ok(await rows.refresh())
  assert.equal(loads, 1)
})

test('a change during a load is loaded after it', async () => {
  let loads = 0
  const rows = createRefreshed(
    async () => {
      loads++
      await undefined
      if (loads === 1) rows.changed()
    },
    () => undefined,
  )
  assert.ok(await rows.refresh())
  assert.deepEqual([rows.isStale(), loads], [false, 2])
})

test('a fault leaves it stale and is told; the next refresh tries again', async () => {
  const faults: unknown[] = []
  let fault: Error | undefined = new Error('away')
  const rows = createRefreshed(
    async () => {
      if (fault !== undefined) throw fault
    },
    (problem) => faults.push(problem),
  )
  await assert.rejects(rows.load(), /away/)
  assert.equal(await rows.refresh(), false)
  assert.deepEqual([rows.isStale(), faults], [true, [fault]])
  fault = undefined
  assert.equal(await rows.refresh(), true)
  assert.equal(rows.isStale(), false)
})
