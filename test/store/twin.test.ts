import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SINCE_ENTRIES_MAX } from '../../src/store/board.ts'
import { createSessionFacts } from '../../src/store/facts.ts'
import { encodePrincipal, encodeSession } from '../../src/store/record.ts'
import { createTwinBoard } from '../../src/store/twin.ts'
import { factsOf } from '../core/facts.ts'

const bytes = new Uint8Array([1])

async function openTwin() {
  const clock = { nowMs: 1_000 }
  const board = createTwinBoard(() => clock.nowMs)
  await board.begin(1)
  await board.seal(1)
  const posting = (endsAtMs: number, generation = 0) => ({
    ...{ hash: 'h', uid: 'u', session: bytes, principal: bytes, principalVersion: 1 },
    ...{ generation, idleAtMs: endsAtMs, endsAtMs },
  })
  return { board, clock, posting }
}

test('a session is there up to its end and gone at it', async () => {
  const { board, clock, posting } = await openTwin()
  await board.open(posting(5_000), 1)
  clock.nowMs = 4_999
  assert.notEqual((await board.load('h')).found, undefined)
  clock.nowMs = 5_000
  assert.equal((await board.load('h')).found, undefined)
  await board.close()
})

test('unsealed it refuses, as a Redis that was just started', async () => {
  const board = createTwinBoard(() => 0)
  const unsealed = { code: 'store_unsealed' }
  await assert.rejects(board.load('h'), unsealed)
  await assert.rejects(board.heartbeat('w', 0), unsealed)
  await assert.rejects(board.since(0), unsealed)
  await assert.rejects(board.touch([]), unsealed)
  await assert.rejects(board.takeTouched(1), unsealed)
  await assert.rejects(board.idleDeadlines([]), unsealed)
  await board.begin(1)
  await board.begin(2)
  await assert.rejects(board.seal(1), { code: 'store_conflict' })
  const lost = { epochNumber: 1, isEmpty: true }
  await assert.rejects(board.prepare(lost, [], []), { code: 'store_conflict' })
  await assert.rejects(board.preparePrincipals(lost, []), { code: 'store_conflict' })
  await board.seal(2)
  await assert.rejects(board.begin(3), { code: 'store_conflict' })
  await board.close()
})

test('login races: an older sealing, a raised generation and a tombstone each refuse', async () => {
  const { board, posting } = await openTwin()
  assert.equal(await board.open(posting(9_000), 0), 'moved')
  const principal = { uid: 'u', record: bytes, version: 2, generation: 1 }
  await board.apply({ scope: 'user', id: 'u', ended: [], kept: [], principal }, 1)
  assert.equal(await board.open(posting(9_000), 1), 'outdated')
  assert.equal(await board.open(posting(9_000, 1), 1), 'opened')
  await board.apply({ scope: 'session', id: 'h', ended: ['h'], kept: [], principal: undefined }, 1)
  assert.equal(await board.open(posting(9_000, 1), 1), 'outdated')
  await board.close()
})

test('whoever is too far behind the log is told to forget everything', async () => {
  const { board } = await openTwin()
  const { seq } = await board.heartbeat('w', 0)
  const notice = { scope: 'policy' as const, id: '', ended: [], kept: [], principal: undefined }
  for (let n = 0; n <= SINCE_ENTRIES_MAX; n++) await board.apply(notice, 1)
  assert.equal(await board.since(seq), undefined)
  assert.equal((await board.since(seq + 1))?.length, SINCE_ENTRIES_MAX)
  await board.close()
})

test('a raised generation ends sessions on the board, and lifts the kept one', async () => {
  const { board, posting } = await openTwin()
  const { session, principal } = factsOf()
  const { hash, uid } = session
  const record = encodePrincipal(principal)
  const records = { session: encodeSession(session), principal: record }
  const facts = createSessionFacts(board)
  await board.open({ ...posting(9_000), ...records, hash, uid }, 1)
  assert.equal((await facts.load(hash)).found?.session.hash, hash)
  const raised = { uid, record, version: 2, generation: 1 }
  await board.apply({ scope: 'user', id: uid, ended: [], kept: [], principal: raised }, 1)
  assert.equal((await facts.load(hash)).found, undefined)
  const kept = [{ hash, generation: 1 }]
  await board.apply({ scope: 'user', id: uid, ended: [], kept, principal: raised }, 1)
  assert.equal((await facts.load(hash)).found?.session.generation, 1)
  await board.close()
})
