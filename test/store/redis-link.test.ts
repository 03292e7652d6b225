import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openRedisLink } from '../../src/store/redis-link.ts'
import { type Edge, openEdge } from '../chaos/edge.ts'
import { type RunningServer, startRedis } from '../process/servers.ts'
import { eventually } from './worlds.ts'

const COMMAND_MS = 100

let server: RunningServer
let edge: Edge
before(async () => {
  server = await startRedis()
  edge = await openEdge({
    ...{ name: 'link', targetPort: server.port, speaks: 'resp', random: () => 1 },
  })
})
after(async () => {
  await edge.close()
  await server.stop()
})

test('a server that is slow to say who it is, once, is asked again', async () => {
  let toldCount = 0
  // The driver asks first, whether the server is loading; the second answer is for the link.
  edge.set({
    forge(bytes) {
      if (bytes.includes('run_id:') && ++toldCount === 2) {
        edge.set({ holdToClient: true })
        setTimeout(() => edge.set({ holdToClient: false }), 3 * COMMAND_MS)
      }
      return bytes
    },
  })
  const faults: string[] = []
  const link = openRedisLink({
    ...{ url: `redis://127.0.0.1:${edge.port}`, connectTimeoutMs: 500 },
    commandTimeoutMs: COMMAND_MS,
    onFault: (fault) => faults.push(fault.code),
  })
  try {
    await link.opened
    await eventually(async () => {
      await assert.doesNotReject(link.run('sealedAs'))
    })
    assert.ok(toldCount >= 3, `told ${toldCount} times`)
    assert.deepEqual(faults, ['store_timeout'])
  } finally {
    link.close()
  }
})

test('what is asked in one turn reaches the server in one piece', async () => {
  const link = openRedisLink({
    ...{ url: server.url, connectTimeoutMs: 500, commandTimeoutMs: 5_000 },
    onFault: (fault) => assert.fail(fault.code),
  })
  const readsCount = async () => {
    const stats = String(await link.call('INFO', 'stats'))
    return Number(/total_reads_processed:(\d+)/.exec(stats)?.[1])
  }
  try {
    await link.opened
    const before = await readsCount()
    const asked = Array.from({ length: 100 }, () => link.call('PING'))
    assert.equal(new Set((await Promise.all(asked)).map(String)).size, 1)
    // Theirs, and that of the question itself.
    assert.equal((await readsCount()) - before, 2)
  } finally {
    link.close()
  }
})
