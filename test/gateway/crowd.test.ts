/** Callers who are too many, too slow, or never tired: those who behave do not feel them. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readWire } from './client.ts'
import { ENGINE_KINDS, type EngineKind, openServer, refuse } from './opened.ts'

const NGINX = readWire('nginx')
const STATUS = 'HTTP/1.1 '

/** Of clock ticks (proc(5), `utime` and `stime`), 10 ms each. */
function cpuMsOf(child: ChildProcess): number {
  const fields =
    readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ').pop()?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Resolves with the milliseconds until the next reply begins; rejects where none comes. */
async function askOn(socket: Socket): Promise<number> {
  const startMs = performance.now()
  socket.write(NGINX)
  const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })) as [Buffer]
  assert.ok(chunk.toString('latin1').startsWith(STATUS))
  return performance.now() - startMs
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

// They wait most of the time.
describe('side by side', { concurrency: true }, () => {
  for (const kind of ENGINE_KINDS) {
    test(`${kind}: who sends a byte now and then is cut off, and holds nobody up`, () => slow(kind))
    test(`${kind}: short of files it cuts whom it cannot have, and does not turn`, () =>
      short(kind))
  }
})

for (const kind of ENGINE_KINDS) {
  test(`${kind}: requests without end on one connection are answered, each in its turn`, () =>
    tireless(kind))
}

const SLOW_COUNT = 1_000
/** The timer of uWebSockets.js has 10 s and a sweep of 4 s; that of node:http 10 s and 2 s. */
const SLOW_CUT_WITHIN_MS = 25_000
const BYTE_EVERY_MS = 1_000

async function slow(kind: EngineKind): Promise<void> {
  const opened = await openServer(kind, { report: () => undefined })
  after(() => opened.server.close())
  const slow = await Promise.all(Array.from({ length: SLOW_COUNT }, () => open(opened.port)))
  let openCount = slow.length
  for (const socket of slow) {
    socket.on('close', () => openCount--)
    socket.write('GET /authz/nginx HTTP/1.1\r\nX-Original-Method: G')
  }
  const ticking = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('E')
  }, BYTE_EVERY_MS)
  after(() => clearInterval(ticking))
  const behaving = await open(opened.port)
  const tookMs: number[] = []
  const giveUpAtMs = performance.now() + SLOW_CUT_WITHIN_MS
  while (openCount > 0 && performance.now() < giveUpAtMs) {
    tookMs.push(await askOn(behaving))
    await pause(50)
  }
  behaving.destroy()
  for (const socket of slow) socket.destroy()
  assert.equal(openCount, 0, `${openCount} slow ones are still open`)
  assert.equal(opened.checks.length, tookMs.length, 'no slow one became a check')
  const medianMs = tookMs.sort((a, b) => a - b)[tookMs.length >> 1] as number
  assert.ok(medianMs < 100, `the one who behaves waited ${medianMs} ms`)
}

const FILES_MAX = 200
const CALLERS = 400

async function short(kind: EngineKind): Promise<void> {
  const file = fileURLToPath(new URL('./crowded.js', import.meta.url))
  const line = `ulimit -n ${FILES_MAX}; exec "$0" "$1" ${kind}`
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn('sh', ['-c', line, process.execPath, file], { stdio: [...stdio] })
  after(() => child.kill())
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  while (!said.includes('\n')) await once(child.stdout as NodeJS.ReadableStream, 'data')
  const port = Number.parseInt(said, 10)

  const first = await open(port)
  assert.ok((await askOn(first)) < 5_000)
  const others = await Promise.all(Array.from({ length: CALLERS }, () => open(port)))
  let cutCount = 0
  for (const socket of others) socket.on('close', () => cutCount++)
  while (cutCount < CALLERS - FILES_MAX) await pause(20)
  await pause(200)
  assert.ok(cutCount < CALLERS, 'some are kept')
  assert.match(said, /crowded/)

  const beforeMs = cpuMsOf(child)
  await pause(1_000)
  const spentMs = cpuMsOf(child) - beforeMs
  assert.ok(spentMs < 300, `${spentMs} ms of CPU in a second with nothing to do`)
  assert.ok((await askOn(first)) < 1_000, 'who was there is answered')

  for (const socket of others) socket.destroy()
  await pause(200)
  const late = await open(port)
  assert.ok((await askOn(late)) < 1_000, 'there is room again')
  late.destroy()
  first.destroy()
}

/** So many that a counter, a timer or a list that grew with each would be seen. */
const REQUESTS: Record<EngineKind, number> = { uws: 100_000, node: 10_000 }
const PIPELINED = 500
const SHORT =
  'GET /authz/nginx HTTP/1.1\r\nHost: a\r\nX-Real-IP: ::1\r\n' +
  'X-Original-Method: GET\r\nX-Original-URI: /\r\n\r\n'
const GROWTH_BYTES_MAX = 64 * 2 ** 20

async function tireless(kind: EngineKind): Promise<void> {
  let observed = 0
  const { server, port } = await openServer(kind, {
    authorize: refuse('authz.invalid_session'),
    observe: () => observed++,
  })
  after(() => server.close())
  const socket = await open(port)
  const ask = () => socket.write(SHORT.repeat(PIPELINED))
  const grownFrom = process.memoryUsage().rss
  let heard = 0
  let tail = ''
  ask()
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const text = tail + chunk.toString('latin1')
    for (let at = text.indexOf(STATUS); at !== -1; at = text.indexOf(STATUS, at + 1)) {
      heard++
      if (heard % PIPELINED === 0 && heard < REQUESTS[kind]) ask()
    }
    // A status line may be cut in two.
    tail = text.slice(1 - STATUS.length)
    if (heard >= REQUESTS[kind]) break
  }
  assert.equal(heard, REQUESTS[kind])
  assert.equal(observed, REQUESTS[kind])
  const grewBytes = process.memoryUsage().rss - grownFrom
  assert.ok(grewBytes < GROWTH_BYTES_MAX, `${grewBytes} bytes more than before`)
}
