import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import pg from 'pg'
import {
  createFolder,
  findBinary,
  findPort,
  headerValues,
  type RunningServer,
  requireBinary,
  startEcho,
  startPostgres,
  startProcess,
  startRedis,
  WEBSOCKET_GREETING,
} from './servers.ts'

const node = process.execPath
const redisBinary = requireBinary('redis-server')
const postgresBinary = requireBinary('postgres')

describe('startRedis', { skip: redisBinary.skip }, () => {
  let server: RunningServer
  before(async () => {
    server = await startRedis({ isDurable: true })
  })
  after(() => server.stop())

  test('answers, survives a kill with its data when durable, and is gone after stop', async () => {
    const client = new Redis(server.url)
    await client.set('kept', 'yes')
    client.disconnect()

    const pid = server.pid
    server.kill('SIGKILL')
    assert.equal(await server.ended(), 'SIGKILL')
    await server.restart()
    assert.notEqual(server.pid, pid)

    const again = new Redis(server.url)
    assert.equal(await again.get('kept'), 'yes')
    again.disconnect()
    await server.stop()
    assert.equal(isAlive(server.pid), false)
  })
})

/** One statement by a connection of its own. */
async function ask(
  { url }: RunningServer,
  text: string,
  values: readonly string[] = [],
): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}

describe('startPostgres', { skip: postgresBinary.skip }, () => {
  let server: RunningServer
  before(async () => {
    server = await startPostgres({ settings: { max_connections: '20' } })
  })
  after(() => server.stop())

  test('takes settings, and keeps what was committed over a kill', async () => {
    const before = await ask(server, 'select current_setting($1) as n', ['max_connections'])
    assert.deepEqual(before, [{ n: '20' }])
    await ask(server, 'create table kept (n int)')
    await ask(server, 'insert into kept values (7)')

    server.kill('SIGKILL')
    await server.restart()
    assert.deepEqual(await ask(server, 'select n from kept'), [{ n: 7 }])
  })

  test('two servers share nothing', async () => {
    const other = await startPostgres()
    const tables = await ask(other, "select 1 from pg_tables where tablename = 'kept'")
    assert.deepEqual(tables, [])
    await other.stop()
  })
})

describe('startProcess', () => {
  test('a program that ends before it is ready is an error that shows its words', async () => {
    const folder = await createFolder('broken')
    const script = 'console.error("no such option"); process.exit(3)'
    await assert.rejects(
      startProcess({
        name: 'broken',
        command: node,
        args: ['-e', script],
        ready: { line: /never/ },
        folder,
      }),
      /broken ended with 3 before it was ready:\nno such option/,
    )
    assert.equal(existsSync(folder), false)
  })

  test('a program that does not exist is an error, not a crash', async () => {
    await assert.rejects(
      startProcess({
        name: 'ghost',
        command: '/nowhere/ghost',
        args: [],
        ready: { line: /never/ },
      }),
      /ghost ended with \d+/,
    )
  })

  test('a program that never gets ready is ended when its time is up', async () => {
    let pid = 0
    await assert.rejects(
      startProcess({
        name: 'slow',
        command: node,
        args: ['-e', 'console.log("pid", process.pid); setInterval(() => {}, 1e6)'],
        ready: async () => false,
        readyMs: 400,
      }).catch((error: Error) => {
        pid = Number(/pid (\d+)/.exec(error.message)?.[1])
        throw error
      }),
      /slow was not ready in time/,
    )
    assert.equal(isAlive(pid), false)
  })

  test('readiness by port, a restart on it, and a stubborn program', async () => {
    const port = await findPort()
    const script = `
      process.on('SIGTERM', () => process.exit(9))
      require('node:http').createServer((q, r) => r.end('hi')).listen(${port}, '127.0.0.1')`
    const server = await startProcess({
      name: 'web',
      command: node,
      args: ['-e', script],
      ready: { port },
    })
    assert.equal(await (await fetch(server.url)).text(), 'hi')
    await server.restart()
    assert.equal(await (await fetch(server.url)).text(), 'hi')
    const ended = server.ended()
    await server.stop()
    await server.stop()
    assert.equal(await ended, 9)
  })

  test('what it started ends when the test process is killed', async () => {
    const servers = fileURLToPath(new URL('./servers.js', import.meta.url))
    const folder = await createFolder('orphan')
    const script = join(folder, 'parent.mjs')
    const lines = [
      `import { startProcess } from ${JSON.stringify(servers)}`,
      `const args = ['-e', 'console.log("up"); setInterval(() => {}, 1e6)']`,
      `const ready = { line: /up/ }`,
      `const s = await startProcess({ name: 'x', command: process.execPath, args, ready })`,
      'console.log(s.pid); setInterval(() => {}, 1e6)',
    ]
    await writeFile(script, lines.join('\n'))
    for (const signal of orphanSignals()) {
      const parent = spawn(node, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
      const pid = Number(
        await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)),
      )
      assert.equal(isAlive(pid), true)
      parent.kill(signal)
      await untilGone(pid)
    }
  })
})

/** SIGKILL leaves no time to clean up: only the kernel can, and only Linux's is asked to. */
function orphanSignals(): NodeJS.Signals[] {
  return findBinary('setpriv') === undefined ? ['SIGTERM'] : ['SIGTERM', 'SIGKILL']
}

describe('startEcho', () => {
  test('tells and remembers what it received, repeated headers included', async () => {
    const echo = await startEcho()
    const headers = { 'X-Twice': ['a', 'b'], 'x-once': 'c' }
    const reply = await new Promise<string>((resolve, reject) => {
      const asked = request(`${echo.url}/p%2f?q=1`, { method: 'POST', headers }, (answer) => {
        let text = ''
        answer.on('data', (part) => {
          text += part
        })
        answer.once('end', () => resolve(text))
      })
      asked.once('error', reject)
      asked.end('body')
    })
    const last = echo.last()
    assert.deepEqual(JSON.parse(reply), last)
    assert.equal(last.method, 'POST')
    assert.equal(last.url, '/p%2f?q=1')
    assert.equal(last.body, 'body')
    assert.deepEqual(headerValues(last, 'x-twice'), ['a', 'b'])
    assert.deepEqual(headerValues(last, 'X-ONCE'), ['c'])
    echo.clear()
    assert.throws(() => echo.last(), /no request/)
    await echo.stop()
  })

  test('accepts a WebSocket handshake with the key of RFC 6455 §1.3', async () => {
    const echo = await startEcho()
    const asked = request(`${echo.url}/ws`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    asked.end()
    const [accept, greeting] = await new Promise<[unknown, Buffer]>((resolve, reject) => {
      asked.once('error', reject)
      asked.once('upgrade', (answer, socket, head) => {
        const settle = (bytes: Buffer) => {
          socket.destroy()
          resolve([answer.headers['sec-websocket-accept'], bytes])
        }
        if (head.length > 0) settle(head)
        else socket.once('data', settle)
      })
    })
    assert.equal(accept, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    assert.deepEqual(greeting, WEBSOCKET_GREETING)
    assert.equal(echo.last().url, '/ws')
    await echo.stop()
  })
})

describe('requireBinary', () => {
  test('finds what is there, and names what is not', () => {
    assert.deepEqual(requireBinary('sh').skip, false)
    const servers = new URL('./servers.js', import.meta.url).href
    const script = (ci: string) =>
      `import { requireBinary } from ${JSON.stringify(servers)}
       try { console.log(requireBinary('no-such-gateway').skip) } catch (e) { console.log('threw') }
       console.log(requireBinary('traefik').skip || 'here', ${JSON.stringify(ci)})`
    const run = (ci: string) =>
      execFileSync(node, ['--input-type=module', '-e', script(ci)], {
        env: { ...process.env, CI: ci },
        encoding: 'utf8',
      })
    assert.match(run(''), /^no-such-gateway is not on this machine\n/)
    assert.match(run('true'), /^threw\n(traefik is not on this machine|here) true\n/)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // Ended, but not yet collected by a slow init: a zombie does no harm.
  return !/^\d+ \(.*\) Z/.test(readFileOrEmpty(`/proc/${pid}/stat`))
}

function readFileOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function untilGone(pid: number): Promise<void> {
  for (const deadlineMs = Date.now() + 5_000; isAlive(pid); ) {
    assert(Date.now() < deadlineMs, `process ${pid} outlived its parent`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
