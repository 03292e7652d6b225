import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from 'ioredis'
import { type Board, KEY_UNTIL_MS, type KeyPosting } from '../../src/store/board.ts'
import { openRedisBoard } from '../../src/store/redis.ts'
import { type RunningServer, startRedis } from '../process/servers.ts'
import { eventually } from './worlds.ts'

const bytes = (value: number) => new Uint8Array([value])

function keyOf(kid: string, version: number, change: Partial<KeyPosting> = {}) {
  return { kid, uid: 'ID1', record: bytes(version), version, untilMs: KEY_UNTIL_MS, ...change }
}
const PRINCIPAL = { uid: 'ID1', record: bytes(0), version: 1, generation: 0 }

function noticeOf(posted: readonly KeyPosting[], ended: readonly string[] = []) {
  const keys = { posted, ended }
  return { scope: 'key' as const, id: 'k', ended: [], kept: [], keys, principal: PRINCIPAL }
}

describe('keys in Redis', () => {
  let server: RunningServer
  let board: Board
  let probe: Redis

  before(async () => {
    server = await startRedis()
    probe = new Redis(server.url)
    board = await openRedisBoard({
      ...{ url: server.url, commandTimeoutMs: 1_000, connectTimeoutMs: 5_000 },
      onFault: () => undefined,
    })
    await eventually(() => board.begin(1))
    await board.seal(1)
  })
  after(async () => {
    await board.close()
    probe.disconnect()
    await server.stop()
  })

  const load = async (kid: string) => (await board.loadKey(kid)).found?.key[0]

  test('an older copy never replaces a newer one, and an equal one is harmless', async () => {
    await board.apply(noticeOf([keyOf('a', 5)]), 1)
    await board.apply(noticeOf([keyOf('a', 4)]), 1)
    assert.equal(await load('a'), 5)
    await board.apply(noticeOf([keyOf('a', 5), keyOf('a', 6)]), 1)
    assert.equal(await load('a'), 6)
  })

  test('a late write does not revive a removed key, nor does a sealing', async () => {
    await board.apply(noticeOf([keyOf('b', 1)]), 1)
    await board.apply(noticeOf([], ['b']), 1)
    await board.apply(noticeOf([keyOf('b', 9)]), 1)
    assert.equal(await load('b'), undefined)
    assert.ok((await probe.pttl('{dv}x:b')) > 600_000)
  })

  test('keys and their holders stay until they end, brought forward or put off', async () => {
    const untilMs = Date.now() + 60_000
    await board.apply(noticeOf([keyOf('c', 1), keyOf('d', 1, { untilMs })]), 1)
    assert.equal(await probe.pexpiretime('{dv}k:c'), KEY_UNTIL_MS)
    assert.equal(await probe.pexpiretime('{dv}k:d'), untilMs)
    await board.apply(noticeOf([keyOf('c', 2, { untilMs })]), 1)
    assert.equal(await probe.pexpiretime('{dv}k:c'), untilMs)
    assert.equal(await probe.pexpiretime('{dv}p:ID1'), KEY_UNTIL_MS)
  })

  test('what an older sealing left is not believed, and is replaced', async () => {
    await board.apply(noticeOf([keyOf('old', 7), keyOf('kept', 7)]), 1)
    // As if an old file of Redis had been restored.
    await probe.del('{dv}ep')
    await board.begin(2)
    const holder = { principal: bytes(3), principalVersion: 0 }
    await board.prepareKeys(2, [{ ...keyOf('kept', 2), ...holder }])
    await assert.rejects(board.prepareKeys(1, []), { code: 'store_conflict' })
    await assert.rejects(board.loadKey('kept'), { code: 'store_unsealed' })
    await board.seal(2)
    assert.equal(await load('old'), undefined)
    const { found, epoch } = await board.loadKey('kept')
    assert.deepEqual([found?.key[0], found?.principal[0]], [2, 3])
    assert.match(epoch, /^2\./)
  })

  test('a key whose holder is gone is garbage, not somebody else', async () => {
    await board.apply(noticeOf([keyOf('e', 1)]), 1)
    await probe.del('{dv}p:ID1')
    await assert.rejects(board.loadKey('e'), { code: 'store_garbage' })
  })
})
