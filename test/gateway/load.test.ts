import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLoad } from '../../src/gateway/load.ts'

test('nothing open is drained at once', async () => {
  await createLoad().drained(60_000)
})

test('the last connection ends the wait', async () => {
  const load = createLoad()
  load.connections = 1
  const drained = load.drained(60_000)
  load.connections = 0
  load.settle()
  await drained
})

test('after its time it waits for requests, and no longer for idle connections', async () => {
  const load = createLoad()
  load.connections = 2
  load.requests = 1
  let isDrained = false
  const drained = load.drained(10).then(() => {
    isDrained = true
  })
  await sleep(30)
  assert.equal(isDrained, false)
  load.requests = 0
  load.settle()
  await drained
})

test('before its time an idle connection may still bring a request', async () => {
  const load = createLoad()
  load.connections = 1
  let isDrained = false
  const drained = load.drained(40).then(() => {
    isDrained = true
  })
  load.settle()
  await sleep(5)
  assert.equal(isDrained, false)
  await drained
})
