import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import type { Fault } from '../../src/core/fault.ts'
import type { Invalidation } from '../../src/core/invalidation.ts'
import { type Board, EPOCH_STRIDE, LOG_ENTRIES_MAX } from '../../src/store/board.ts'
import { createSessionFacts } from '../../src/store/facts.ts'
import { encodePrincipal, encodeSession } from '../../src/store/record.ts'
import { openRedisBoard } from '../../src/store/redis.ts'
import { type RunningServer, startRedis } from '../process/servers.ts'
import { eventually, sessionFor } from './worlds.ts'

/** The slowest refusal that a gateway's caller may feel. */
const REFUSAL_MS_MAX = 150

describe('Redis', () => {
  let server: RunningServer
  let board: Board
  let probe: Redis
  const faults: Fault[] = []

  before(async () => {
    server = await startRedis()
    probe = new Redis(server.url, { retryStrategy: () => 50 })
    probe.on('error', () => undefined)
    board = await openRedisBoard({
      ...{ url: server.url, commandTimeoutMs: 100, connectTimeoutMs: 1_000 },
      onFault: (fault) => faults.push(fault),
    })
    await seal(1)
  })
  after(async () => {
    await board.close()
    probe.disconnect()
    await server.stop()
  })

  async function seal(epochNumber: number): Promise<void> {
    await board.begin(epochNumber)
    await board.seal(epochNumber)
  }
  const notice = (id: string) => {
    return { scope: 'session' as const, id, ended: [id], kept: [], principal: undefined }
  }
  const posting = (uid: string) => {
    const session = sessionFor(uid)
    const { hash, endsAtMs } = session
    const principal = encodePrincipal({
      ...{ uid, kind: 'user', username: null, email: 'e', role: 'member', level: 0 },
      ...{ state: 'active', referralId: null, otp: false, version: 1 },
    })
    const record = { session: encodeSession(session), principal, principalVersion: 1 }
    return { hash, uid, ...record, generation: 0, idleAtMs: endsAtMs, endsAtMs }
  }

  test('all keys are in one slot, and none can be used as a cookie', async () => {
    const one = posting('ID1')
    assert.equal(await board.open(one, 1), 'opened')
    await board.apply(notice('gone'), 1)
    await board.heartbeat('worker', 0)
    const keys = await probe.keys('*')
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('{dv}')),
      [],
    )
    assert.equal(await probe.pexpiretime(`{dv}s:${one.hash}`), one.endsAtMs)
    assert.ok((await probe.pttl('{dv}t:gone')) > 600_000)
  })

  test('a login under an older sealing has to read again', async () => {
    assert.equal(await board.open(posting('ID2'), 0), 'moved')
  })

  test('a tombstone refuses a late login', async () => {
    const one = posting('ID3')
    await board.apply(notice(one.hash), 1)
    assert.equal(await board.open(one, 1), 'outdated')
  })

  test('a change that was committed under a later sealing is not put on this board', async () => {
    await assert.rejects(board.apply(notice('late'), 2), { code: 'store_unsealed' })
  })

  test('numbers beyond 32 bits stay exact', async () => {
    const { seq } = await board.heartbeat('worker', 0)
    assert.ok(seq >= EPOCH_STRIDE)
    assert.equal((await board.apply(notice('x'), 1)).seq, seq + 1)
  })

  const GARBAGE = [
    { name: 'a damaged record', write: (key: string) => probe.hset(key, 'b', 'garbage') },
    { name: 'a deadline that is no number', write: (key: string) => probe.hset(key, 'i', 'x') },
    { name: 'a uid without principal', write: (key: string) => probe.hset(key, 'u', 'nobody') },
    {
      name: 'a record of another session',
      write: (key: string) => probe.hset(key, 'b', Buffer.from(posting('ID4').session)),
    },
  ]
  for (const { name, write } of GARBAGE) {
    test(`${name} is a fault, not an unknown session`, async () => {
      const one = posting('ID4')
      await board.open(one, 1)
      await write(`{dv}s:${one.hash}`)
      const { load } = createSessionFacts(board)
      await assert.rejects(load(one.hash), { code: 'store_garbage' })
    })
  }

  test('a log that was trimmed says undefined', async () => {
    const { seq } = await board.heartbeat('worker', 0)
    for (let n = 0; n < 5; n++) await board.apply(notice(`n${n}`), 1)
    await probe.xtrim('{dv}inv', 'MAXLEN', 3)
    assert.equal(await board.since(seq), undefined)
    assert.equal(await board.since(seq + 1), undefined)
    assert.equal((await board.since(seq + 2))?.length, 3)
    assert.ok(LOG_ENTRIES_MAX >= 100_000)
  })

  test('what is sealed is filled anew only by who knows its number', async () => {
    await assert.rejects(board.begin(2), { code: 'store_conflict' })
    await assert.rejects(board.begin(2, 3), { code: 'store_conflict' })
    assert.equal(await board.sealedAs(), 1)
    assert.equal(await board.begin(2, 1), false)
    assert.equal(await board.sealedAs(), undefined)
    await assert.rejects(board.heartbeat('worker', 0), { code: 'store_unsealed' })
    await board.seal(2)
    assert.match((await board.heartbeat('worker', 0)).epoch, /^2\./)
  })

  test('a wiped Redis counts as unsealed, and one filled only half-way is not sealed', async () => {
    await probe.flushall()
    await assert.rejects(board.load('x'), { code: 'store_unsealed' })
    await board.begin(2)
    await probe.flushall()
    await assert.rejects(board.seal(2), { code: 'store_conflict' })
    await board.begin(3)
    await board.begin(4)
    const lost = { epochNumber: 3, isEmpty: true }
    await assert.rejects(board.prepare(lost, [], ['h']), { code: 'store_conflict' })
    await assert.rejects(board.prepare(lost, [posting('ID6')], []), { code: 'store_conflict' })
    await board.seal(4)
    await assert.rejects(board.begin(5), { code: 'store_conflict' })
  })

  test('it is empty unless there is something of what is filled in', async () => {
    const held = { 's:h': false, 'p:u': false, 'g:u': false, 'k:k': false, 't:h': false }
    for (const [key, isEmpty] of Object.entries({ a: true, bx: true, ...held, 'x:k': false })) {
      await probe.flushall()
      assert.equal(await board.begin(4), true)
      // Its own mark, and those of another, are nothing that would have to be taken off.
      assert.equal(await board.begin(4), true)
      await probe.set(`{dv}${key}`, '1')
      await probe.set('of another program', '1')
      assert.equal(await board.begin(4), isEmpty, key)
    }
    await probe.flushall()
    await probe.mset(Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`o${n}`, 1])))
    assert.equal(await board.begin(4), false)
    await probe.flushall()
    await seal(4)
  })

  test('a Redis that was lost takes no nonce that it may have forgotten', async () => {
    const sealedAtMs = Number(await probe.get('{dv}at'))
    assert.ok(Math.abs(Date.now() - sealedAtMs) < 10_000)
    const burn = (nonceMs: number) =>
      board.burn({ kid: 'k', nonceMs, lifetimeMs: 5000, rememberedMax: 9 })
    assert.equal(await burn(sealedAtMs + 4999), 'stale')
    assert.equal(await burn(sealedAtMs + 5000), 'burned')
    assert.equal(await burn(sealedAtMs + 5000), 'used')
    assert.ok((await probe.pttl('{dv}n:k')) > 15_000)
    assert.ok((await probe.pttl('{dv}n:k')) <= 20_000)
  })

  test('a fault never carries what was being written', async () => {
    const session = Buffer.from('top secret')
    const one = { ...posting('ID5'), session, idleAtMs: Number.NaN }
    await probe.set(`{dv}s:${one.hash}`, 'of another type')
    await assert.rejects(board.open(one, 4), (fault: Fault) => {
      assert.equal(fault.code, 'store_unavailable')
      assert.ok(!inspect(fault, { depth: 9 }).includes('secret'))
      assert.ok(!inspect(fault, { depth: 9 }).includes(one.hash))
      return true
    })
  })

  test('scripts that Redis forgot are sent again', async () => {
    await probe.script('FLUSH')
    assert.equal((await board.load('x')).found, undefined)
  })

  test('pushes that were cut off end in interrupted(), after which they flow again', async () => {
    const heard: Invalidation[] = []
    let interruptions = 0
    const interrupted = () => {
      interruptions += 1
    }
    await board.subscribe({ invalidated: (message) => heard.push(message), interrupted })
    const before = interruptions
    await probe.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await eventually(() => assert.equal(interruptions, before + 1))
    const { seq } = await board.apply(notice('after'), 1)
    await eventually(() => assert.deepEqual(heard.at(-1), { seq, scope: 'session', id: 'after' }))
    await probe.publish('{dv}push', 'what is this')
    await eventually(() => assert.equal(interruptions, before + 2))
  })

  test('a Redis that hangs is a fault in time, and answers again afterwards', async () => {
    server.kill('SIGSTOP')
    const started = performance.now()
    await assert.rejects(board.load('x'), { code: 'store_timeout' })
    assert.ok(performance.now() - started < REFUSAL_MS_MAX)
    server.kill('SIGCONT')
    await eventually(() => board.load('x'))
  })

  test('a Redis that is gone is a fault at once, told once, and found again', async () => {
    faults.length = 0
    server.kill('SIGKILL')
    await server.ended()
    await eventually(() => assert.rejects(board.load('x'), { code: 'store_unavailable' }))
    const calls = [
      () => board.load('x'),
      () => board.touch([{ hash: 'x', idleAtMs: 1 }]),
      () => board.heartbeat('w', 0),
      () => board.since(0),
      () => board.leave('w'),
      () => board.apply(notice('x'), 1),
      () => board.ping(),
    ]
    for (const call of calls) {
      const started = performance.now()
      await assert.rejects(call(), { code: 'store_unavailable' })
      assert.ok(performance.now() - started < REFUSAL_MS_MAX)
    }
    await eventually(() => assert.equal(faults.length, 1))
    await server.restart()
    await eventually(() => assert.rejects(board.load('x'), { code: 'store_unsealed' }))
    await seal(5)
    assert.equal((await board.load('x')).found, undefined)
    assert.equal(faults.length, 1)
  })
})

test('a Redis that still holds the seal of its former process counts as unsealed', async () => {
  const server = await startRedis({ isDurable: true })
  const options = {
    ...{ url: server.url, commandTimeoutMs: 500, connectTimeoutMs: 1_000 },
    onFault: () => undefined,
  }
  const board = await openRedisBoard(options)
  await board.begin(1)
  await board.seal(1)
  assert.equal(await board.sealedAs(), 1)
  await server.restart()
  await eventually(() => board.ping())
  assert.equal(await board.sealedAs(), undefined)
  await assert.rejects(board.load('x'), { code: 'store_unsealed' })
  await board.close()
  await server.stop()
})

test('a password, a unix socket and a database number in the address are understood', async () => {
  const server = await startRedis({
    args: ['--unixsocket', 'redis.sock', '--unixsocketperm', '777'],
  })
  const rest = { commandTimeoutMs: 500, connectTimeoutMs: 1_000, onFault: () => undefined }
  const probe = new Redis(server.url)
  const [, folder] = (await probe.config('GET', 'dir')) as [string, string]
  const local = await openRedisBoard({ url: `unix:${folder}/redis.sock`, ...rest })
  assert.equal(await local.sealedAs(), undefined)

  await probe.config('SET', 'requirepass', 'p@ss')
  const refused = await openRedisBoard({ url: server.url, ...rest })
  await assert.rejects(refused.sealedAs(), { code: 'store_unavailable' })
  const url = server.url.replace('redis://', 'redis://default:p%40ss@')
  const board = await openRedisBoard({ url: `${url}/3`, ...rest })
  assert.equal(await board.sealedAs(), undefined)

  await Promise.all([board.close(), local.close(), refused.close()])
  probe.disconnect()
  await server.stop()
})
