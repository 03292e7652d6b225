/** Listening, draining and closing, alike on both engines. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, deny } from '../../src/core/verdict.ts'
import {
  acceptSafely,
  type Callbacks,
  EngineError,
  type Inbound,
  openEngine,
} from '../../src/gateway/engine.ts'
import { type Reply, wordNativeDeny } from '../../src/gateway/reply.ts'
import { exchange, head, readWire, valuesOf } from './client.ts'
import { ENGINE_KINDS, GRANT, networks, openServer } from './opened.ts'

const NGINX = readWire('nginx')
const FALLBACK = wordNativeDeny(deny('authz.unavailable'))

for (const kind of ENGINE_KINDS) {
  test(`${kind}: a unix socket is heard, trusted, and open to owner and group`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'dvara-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 's.sock')
    const first = await openServer(kind, { trustedGateways: networks() }, { path })
    t.after(() => first.server.close())
    assert.equal(statSync(path).mode & 0o777, 0o660)
    const heard = await exchange(path, NGINX)
    assert.equal(heard.replies[0]?.status, 200)
    const envoy = await exchange(path, readWire('envoy').replace('203.0.113.9', 'unknown'))
    assert.equal(envoy.replies[0]?.status, 200)
    assert.equal(first.checks[1]?.address.text, '127.0.0.1')

    await assert.rejects(openServer(kind, {}, { path }), (error: Error) => {
      assert.ok(error instanceof EngineError)
      assert.match(error.message, /another process answers there/)
      return true
    })
    assert.equal((await exchange(path, NGINX)).replies[0]?.status, 200)

    await first.server.close()
    const second = await openServer(kind, {}, { path })
    t.after(() => second.server.close())
    assert.equal((await exchange(path, NGINX)).replies[0]?.status, 200)
  })

  test(`${kind}: a file where the socket should be stays`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'dvara-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'precious')
    writeFileSync(path, 'x')
    await assert.rejects(openServer(kind, {}, { path }), /a file that is no socket is there/)
    assert.equal(statSync(path).size, 1)
  })

  test(`${kind}: a port that is taken is one clear line`, async (t) => {
    const first = await openServer(kind)
    t.after(() => first.server.close())
    for (const mode of ['exclusive', 'shared'] as const) {
      const at = { host: '127.0.0.1', port: first.port, mode }
      await assert.rejects(openServer(kind, {}, at), (error: Error) => {
        assert.ok(error instanceof EngineError)
        assert.match(error.message, /^Cannot listen on 127\.0\.0\.1:\d+.*the port is taken/)
        assert.ok(!error.message.includes('\n'))
        return true
      })
    }
    const foreign = { host: '192.0.2.1', port: 0, mode: 'exclusive' } as const
    await assert.rejects(openServer(kind, {}, foreign), EngineError)
  })

  test(`${kind}: draining answers what is under way and what still comes, then ends`, async (t) => {
    const opened = await openServer(kind)
    t.after(() => opened.server.close())
    const gates: ((answer: Answer) => void)[] = []
    opened.answer = () => new Promise<Answer>((resolve) => gates.push(resolve))
    const waiting = exchange(opened.port, NGINX, { untilClosed: true })
    const idle = connect(opened.port, '127.0.0.1')
    await once(idle, 'connect')
    while (gates.length === 0) await sleep(5)

    let drained: Promise<void> = Promise.resolve()
    let isDrained = false
    // On a busy machine the turns that it waits for before it shuts the door take their time.
    await new Promise<void>((resolve) => {
      drained = opened.server.drain(5_000, resolve)
      void drained.then(() => {
        isDrained = true
      })
    })
    await sleep(30)
    assert.equal(isDrained, false)
    const refused = await exchange(opened.port, NGINX)
    assert.equal(refused.replies.length, 0)

    gates[0]?.(GRANT)
    const heard = await waiting
    assert.equal(heard.replies[0]?.status, 200)
    assert.deepEqual(valuesOf(heard.replies[0], 'connection'), ['close'])

    opened.answer = () => GRANT
    let late = ''
    idle.on('data', (chunk) => {
      late += chunk
    })
    idle.write(NGINX)
    await once(idle, 'close')
    assert.match(late, /^HTTP\/1\.1 200 OK/)
    assert.match(late, /connection: close/i)
    await drained
  })

  test(`${kind}: draining does not wait for idle connections beyond its time`, async (t) => {
    const opened = await openServer(kind)
    t.after(() => opened.server.close())
    const idle = connect(opened.port, '127.0.0.1')
    await once(idle, 'connect')
    await sleep(20)
    const startMs = performance.now()
    await opened.server.drain(60)
    assert.ok(performance.now() - startMs < 1_000)
    const closed = once(idle, 'close')
    await opened.server.close()
    await closed
  })

  test(`${kind}: closing cuts what waits, and its answer harms nobody`, async () => {
    const opened = await openServer(kind)
    let open: (answer: Answer) => void = () => undefined
    opened.answer = () => new Promise<Answer>((resolve) => (open = resolve))
    const waiting = exchange(opened.port, NGINX)
    while (opened.checks.length === 0) await sleep(5)
    await opened.server.close()
    assert.deepEqual((await waiting).replies, [])
    open(GRANT)
    await sleep(10)
    assert.deepEqual(opened.events, [])
  })
}

test('uws: two shared listeners both get connections', async (t) => {
  const probe = await openServer('uws')
  await probe.server.close()
  const at = { host: '127.0.0.1', port: probe.port, mode: 'shared' } as const
  const [first, second] = [await openServer('uws', {}, at), await openServer('uws', {}, at)]
  t.after(() => first.server.close())
  t.after(() => second.server.close())
  const heard = await Promise.all(Array.from({ length: 60 }, () => exchange(probe.port, NGINX)))
  assert.ok(heard.every(({ replies }) => replies[0]?.status === 200))
  assert.ok(first.checks.length > 0 && second.checks.length > 0)
})

test('node: workers of node:cluster share a listener', async (t) => {
  const child = fork(new URL('./cluster.js', import.meta.url), { silent: true })
  t.after(() => child.kill())
  const [port] = (await once(child, 'message')) as [number]
  const answered = new Set<string>()
  for (let at = 0; at < 20 && answered.size < 2; at++) {
    const { replies } = await exchange(port, head('GET /authz/caddy HTTP/1.1', 'Host: a'))
    assert.equal(replies[0]?.status, 403)
    answered.add(valuesOf(replies[0], 'x-worker')[0] as string)
  }
  assert.equal(answered.size, 2)
})

test('`auto` loads uWebSockets.js here without a warning, `node` never does', async () => {
  const warnings: string[] = []
  const warn = (message: string) => warnings.push(message)
  const auto = await openEngine('auto', warn)
  const node = await openEngine('node', warn)
  assert.deepEqual([auto.kind, node.kind, warnings], ['uws', 'node', []])
  await auto.close()
})

test('where no binary loads, `auto` warns and goes on, `uws` stops and says why', async () => {
  const warnings: string[] = []
  const load = async () => ({ kind: 'missing', why: 'GLIBC_2.38 not found' }) as const
  const engine = await openEngine('auto', (message) => warnings.push(message), load)
  assert.equal(engine.kind, 'node')
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] as string, /GLIBC_2\.38 not found.*node:http/)
  await assert.rejects(openEngine('uws', assert.fail, load), (error: Error) => {
    assert.ok(error instanceof EngineError)
    assert.match(error.message, /GLIBC_2\.38 not found.*Choose the engine/)
    return true
  })
})

test('acceptSafely answers for a function that forgets to, or throws', () => {
  const bugs: unknown[] = []
  const sent: Reply[] = []
  const run = (accept: Callbacks['accept'], isHeld = false) => {
    const outbound = { isOver: false, isHeld, hold: () => undefined, reply }
    function reply(wording: Reply): void {
      outbound.isOver = true
      sent.push(wording)
    }
    const onBug = (cause: unknown) => bugs.push(cause)
    const crowd = { connectionsMax: 1, onCrowded: () => undefined }
    acceptSafely({ accept, fallback: FALLBACK, onBug, ...crowd }, {} as Inbound, outbound)
  }
  const other = wordNativeDeny(deny('authz.invalid_session'))
  run((_inbound, outbound) => outbound.reply(other, false))
  run(() => undefined, true)
  assert.deepEqual([sent, bugs], [[other], []])
  run(() => undefined)
  run(() => {
    throw new Error('broken')
  })
  assert.deepEqual(sent, [other, FALLBACK, FALLBACK])
  assert.equal(bugs.length, 2)
})

test('a socket that a dead process left behind is replaced', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dvara-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 's.sock')
  const listen = `listen(${JSON.stringify(path)}, () => process.send(1))`
  const script = `require('node:net').createServer().${listen}`
  const scriptPath = join(folder, 'dies.cjs')
  writeFileSync(scriptPath, script)
  const child = fork(scriptPath)
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(statSync(path).isSocket())
  const opened = await openServer('uws', {}, { path })
  t.after(() => opened.server.close())
  assert.equal((await exchange(path, NGINX)).replies[0]?.status, 200)
})

test('the port that a plain listener holds is refused to both modes', async (t) => {
  const holder = createNetServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => holder.close())
  const { port } = holder.address() as { port: number }
  for (const kind of ENGINE_KINDS) {
    const at = { host: '127.0.0.1', port, mode: 'shared' } as const
    await assert.rejects(openServer(kind, {}, at), EngineError)
  }
})
