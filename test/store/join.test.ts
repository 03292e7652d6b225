import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/core/fault.ts'
import type { Database } from '../../src/store/database.ts'
import { joinAuthorizer, joinIdentity } from '../../src/store/join.ts'
import { systemClock } from '../../src/store/system-clock.ts'
import { createTwinBoard } from '../../src/store/twin.ts'

const rejecting = (about: string) => () => Promise.reject(new Fault('store_unavailable', { about }))

function databaseOf(query: Database['query'], closed: string[]): Database {
  return {
    query,
    execute: async () => undefined,
    transaction: rejecting('Postgres'),
    scan: rejecting('Postgres'),
    exclusive: (_lock, work) => work(),
    async close() {
      closed.push('database')
    },
  }
}

const OPTIONS = {
  ...{ clock: systemClock, onFault: () => undefined },
  ...{ leaseMs: 50, fenceMs: 0, retryMs: 0 },
}

test('ping names the store that does not answer', async () => {
  const board = createTwinBoard(Date.now)
  const well = async () => []
  const pingOf = (query: Database['query'], ping: () => Promise<void>) =>
    joinIdentity({ ...board, ping }, databaseOf(query, []), OPTIONS).ping()
  await pingOf(well, board.ping)
  await assert.rejects(pingOf(rejecting('Postgres'), board.ping), /Postgres/)
  await assert.rejects(pingOf(well, rejecting('Redis')), /Redis/)
  await board.close()
})

test('either half closes both of its stores', async () => {
  const closed: string[] = []
  const board = createTwinBoard(Date.now)
  const close = async () => {
    closed.push('board')
    await board.close()
  }
  await joinAuthorizer(
    { ...board, close },
    databaseOf(async () => [], closed),
  ).close()
  assert.deepEqual(closed.sort(), ['board', 'database'])
})
