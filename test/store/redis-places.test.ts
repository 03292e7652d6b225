import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { projectRoot } from '../../src/config/root.ts'
import type { Board } from '../../src/store/board.ts'
import { openRedisBoard } from '../../src/store/redis.ts'
import { openRoll } from '../../src/store/roll.ts'
import { answers } from '../process/child.ts'
import {
  createFolder,
  findBinary,
  findPort,
  type RunningServer,
  removeFolder,
  startProcess,
  startRedis,
} from '../process/servers.ts'
import { eventually } from './worlds.ts'

const open = (url: string) =>
  openRedisBoard({
    ...{ url, commandTimeoutMs: 500, connectTimeoutMs: 1000, onFault: () => undefined },
  })
const KEY = {
  ...{ kid: 'k', uid: 'u', record: new Uint8Array([1]), version: 1 },
  untilMs: Date.now() + 900_000,
}
const NOTICE = {
  ...({ scope: 'user', id: 'u' } as const),
  ...{ ended: ['e'], kept: [{ hash: 'h', generation: 1 }] },
  closed: [{ sid: 's', uid: 'u', reason: 'logout' }],
  keys: { ended: ['gone'], posted: [KEY] },
  principal: { uid: 'u', record: new Uint8Array([1]), version: 2, generation: 1 },
} as const
const POSTING = {
  ...{ hash: 'h', uid: 'u', session: new Uint8Array([1]), principal: new Uint8Array([1]) },
  ...{ principalVersion: 1, generation: 1, idleAtMs: Date.now() + 9_000 },
  endsAtMs: Date.now() + 900_000,
}

const HOLDER = {
  ...{ uid: 'u', record: new Uint8Array([1]), version: 1, generation: 1 },
  untilMs: POSTING.endsAtMs,
}

/** Everything that the identity API asks of it. */
async function rule(board: Board): Promise<void> {
  await board.begin(1)
  for (const isEmpty of [true, false]) {
    const filling = { epochNumber: 1, isEmpty }
    await board.prepare(filling, [POSTING], ['gone'])
    await board.preparePrincipals(filling, [HOLDER])
  }
  await board.prepareKeys(1, [{ ...KEY, principal: new Uint8Array([1]), principalVersion: 1 }])
  await board.seal(1)
  await board.hearReports({ reported: () => undefined, changed: () => undefined })
  await board.open(POSTING, 1)
  await board.apply(NOTICE, 1)
  const { members } = await board.members()
  for (const { worker, beat } of members) await board.prune(worker, beat)
  assert.equal((await board.closedSince({ seq: 1, at: 0 })).closings.length, 1)
  await board.takeTouched(9)
  await board.idleDeadlines(['h'])
  const waiting = await board.activities.peek(9)
  await board.activities.remove(['0-1', ...waiting.map((one) => one.id)])
  await board.ping()
}

/** Everything that an authorizer asks of it. */
async function follow(board: Board, ruling: Board): Promise<void> {
  const heard: number[] = []
  await board.subscribe({ invalidated: ({ seq }) => heard.push(seq), interrupted: () => undefined })
  const { seq } = await board.heartbeat('w', 0)
  const roster = await ruling.apply(NOTICE, 1)
  assert.deepEqual([roster.seq, roster.members.length], [seq + 1, 1])
  await eventually(() => assert.deepEqual(heard, [seq + 1]))
  await board.report('w', seq + 1)
  assert.equal((await ruling.members()).members[0]?.appliedSeq, seq + 1)
  assert.equal((await board.since(seq))?.length, 1)
  await board.touch([{ hash: 'h', idleAtMs: Date.now() + 50_000 }])
  assert.equal((await board.load('unknown')).found, undefined)
  assert.equal((await board.loadKey('unknown')).found, undefined)
  await board.burn({ kid: 'k', nonceMs: Date.now(), lifetimeMs: 5000, rememberedMax: 9 })
  await board.activities.append([new Uint8Array([1])])
  await board.rates.settle('0123456789abcdef', [])
  await board.leave('w')
  assert.equal((await ruling.members()).members.length, 0)
}

/** What a supervisor says for the dead, and what `dvara members` asks. */
async function callOut(supervisor: string, operator: string): Promise<void> {
  const times = { commandTimeoutMs: 500, connectTimeoutMs: 1000, onFault: () => undefined }
  const [one, other] = [
    await openRoll({ url: supervisor, ...times }),
    await openRoll({ url: operator, ...times }),
  ]
  try {
    await one.leave('dead')
    assert.deepEqual((await other.census()).members, [])
  } finally {
    one.close()
    other.close()
  }
}

describe('Redis as it is run', () => {
  const servers: RunningServer[] = []
  const boards: Board[] = []
  after(async () => {
    await Promise.all(boards.map((board) => board.close()))
    await Promise.all(servers.map((server) => server.stop()))
  })
  const start = async (args: readonly string[] = []) => {
    const server = await startRedis({ args })
    servers.push(server)
    return server
  }
  const opened = async (url: string) => {
    const board = await open(url)
    boards.push(board)
    return board
  }

  test('the users of docs/operations.md may do what is needed, and nothing else', async () => {
    const server = await start()
    const page = readFileSync(join(projectRoot, 'docs', 'operations.md'), 'utf8')
    const admin = new Redis(server.url)
    try {
      for (const line of page.match(/^ACL SETUSER .*$/gm) ?? []) {
        const [, , ...words] = line.split(' ')
        await admin.call('ACL', 'SETUSER', ...words)
      }
      const as = (user: string) => server.url.replace('//', `//${user}:PASSWORD@`)
      const ruling = await opened(as('dvara-identity'))
      await rule(ruling)
      await follow(await opened(as('dvara-authorizer')), ruling)
      await callOut(as('dvara-authorizer'), as('dvara-identity'))
      const own = new Redis(as('dvara-identity'))
      await assert.rejects(own.set('other', '1'), /NOPERM/)
      await assert.rejects(own.flushall(), /NOPERM/)
      own.disconnect()
    } finally {
      admin.disconnect()
    }
  })

  const hasOpenssl = findBinary('openssl') !== undefined
  test('TLS: who vouches for the server is asked for', { skip: !hasOpenssl }, async () => {
    const folder = await createFolder('tls')
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const files = ['-keyout', key, '-out', certificate, '-days', '2', '-nodes']
    const made = ['req', '-x509', ...curve, ...subject, ...files]
    await promisify(execFile)('openssl', made)
    await chmod(key, 0o644)
    const port = await findPort()
    const server = await start([
      ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
    ])
    const url = server.url.replace('redis:', 'rediss:').replace(/:\d+/, `:${port}`)
    const times = { commandTimeoutMs: 2_000, connectTimeoutMs: 2_000, onFault: () => undefined }
    const ca = await readFile(certificate, 'utf8')
    const board = await openRedisBoard({ url, ca, ...times })
    boards.push(board)
    await rule(board)
    await follow(board, board)
    const trusting = await openRedisBoard({ url, ...times })
    boards.push(trusting)
    await assert.rejects(trusting.load('h'), { code: 'store_unavailable' })
    await removeFolder(folder)
  })

  test('a cluster is asked where our slot is', async () => {
    const server = await start(['--cluster-enabled', 'yes'])
    const admin = new Redis(server.url)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await eventually(async () =>
      assert.match(String(await admin.call('CLUSTER', 'INFO')), /cluster_state:ok/),
    )
    admin.disconnect()
    const board = await opened(server.url.replace('redis:', 'redis+cluster:'))
    await rule(board)
    await follow(board, board)
  })

  test('Sentinels are asked for the primary, and a promoted one counts as unsealed', async () => {
    const primary = await start()
    const replica = await start(['--replicaof', `127.0.0.1 ${primary.port}`])
    const sentinel = await startSentinel(primary.port)
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}?master=main`
    const board = await opened(url)
    await eventually(() => rule(board))
    await follow(board, board)
    const admin = new Redis({ port: sentinel.port })
    await eventually(async () => {
      const known = (await admin.call('SENTINEL', 'REPLICAS', 'main')) as unknown[]
      assert.equal(known.length, 1)
    })
    primary.kill('SIGKILL')
    await primary.ended()
    await eventually(() => assert.rejects(board.load('h'), { code: 'store_unsealed' }))
    admin.disconnect()
    const promoted = new Redis(replica.url)
    assert.match(await promoted.info('replication'), /role:master/)
    promoted.disconnect()
  })

  async function startSentinel(port: number): Promise<RunningServer> {
    const folder = await createFolder('sentinel')
    const file = join(folder, 'sentinel.conf')
    const own = await findPort()
    const lines = [
      `port ${own}`,
      `sentinel monitor main 127.0.0.1 ${port} 1`,
      ...['sentinel down-after-milliseconds main 300', 'sentinel failover-timeout main 2000'],
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    await chmod(file, 0o666)
    const sentinel = await startProcess({
      ...{ name: 'sentinel', command: findBinary('redis-server') ?? 'redis-server' },
      args: [file, '--sentinel'],
      ready: () => answers(own, Buffer.from('PING\r\n'), '+PONG'),
      ...{ port: own, folder, unprivileged: true },
    })
    servers.push(sentinel)
    return sentinel
  }
})
