import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { askOnce } from '../../bench/load/answer.ts'
import { askEach } from '../../bench/load/ask-each.ts'
import { runChild } from '../../bench/load/child.ts'
import { drive, driveAutocannon } from '../../bench/load/drive.ts'
import { proveAnswer } from '../../bench/load/measure.ts'
import type { Looped } from '../../bench/load/open-loop.ts'
import { HOLE, workloadOf } from '../../bench/load/workload.ts'
import { createFolder, removeFolder } from '../process/servers.ts'

const run = promisify(execFile)
const VARIANTS = ['one', 'two', 'three']
const workload = workloadOf('/asked', { Host: 'x', 'X-Name': HOLE }, VARIANTS)

let seen: IncomingMessage[] = []
const server = createServer((request, response) => {
  seen.push(request)
  response.writeHead(200, { 'Content-Length': '0', 'X-Own': 'yes' }).end()
})

before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
after(() => server.close())

const portOf = () => (server.address() as AddressInfo).port

for (const [name, driver] of [
  ['autocannon', driveAutocannon],
  ['the quickest driver here', drive],
] as const) {
  test(`${name} asks for every variant, and counts the answers`, async () => {
    seen = []
    const driven = await driver({ port: portOf(), workload, seconds: 1, connections: 2 })
    assert.ok(driven.requests > 0 && driven.refused === 0 && driven.failed === 0)
    assert.ok(driven.elapsedMs > 900)
    assert.deepEqual(new Set(seen.map(({ headers }) => headers['x-name'])), new Set(VARIANTS))
    assert.equal(seen[0]?.url, '/asked')
  })
}

test('one answer is read with its own headers', async () => {
  const { status, headers } = await askOnce(portOf(), workload)
  assert.equal(status, '200 OK')
  assert.deepEqual(headers, [['X-Own', 'yes']])
})

test('an answer that is not the expected one ends the measurement with what was said', async () => {
  const contender = { name: 'it', port: portOf(), pids: () => [], workload: () => workload }
  assert.ok((await proveAnswer({ ...contender, expects: 'yes' })) > 30)
  await assert.rejects(proveAnswer({ ...contender, expects: 'no' }), /it: expected no, .*200 OK/)
  await assert.rejects(proveAnswer({ ...contender, expects: 'token' }), /X-Own: yes/)
})

test('each is asked for once, and those who are refused again', async () => {
  const refused = new Set(['7', '8'])
  const asked: string[] = []
  const asking = createServer((request, response) => {
    const name = String(request.headers['x-name'])
    asked.push(name)
    const isRefused = refused.delete(name) || name === 'never'
    const headers = isRefused ? {} : { Authorization: 'Bearer x' }
    response.writeHead(isRefused ? 403 : 200, { ...headers, 'Content-Length': '0' }).end()
  })
  await new Promise<void>((resolve) => asking.listen(0, '127.0.0.1', resolve))
  const { port } = asking.address() as AddressInfo
  const names = Array.from({ length: 3_000 }, (_, at) => String(at))
  await askEach(port, { ...workload, variants: names })
  assert.equal(asked.length, 3_002)
  assert.deepEqual(new Set(asked), new Set(names))
  await assert.rejects(askEach(port, { ...workload, variants: ['never'] }), /1 of 1 .*\n.* 403/)
  asking.closeAllConnections()
  asking.close()
})

test('a program that takes too long is ended, and says so', async () => {
  const endless = ['-e', 'console.error("waiting"); setInterval(() => {}, 1000)']
  await assert.rejects(runChild(process.execPath, endless, { withinMs: 1_000 }), /waiting/)
  assert.equal(await runChild(process.execPath, ['-p', '6 * 7'], { withinMs: 20_000 }), '42\n')
})

test('the lease is exchanged for one that is always live, or kept', async () => {
  const lease = fileURLToPath(new URL('../../src/cache/lease.js', import.meta.url))
  const script = `const { createLease } = await import(${JSON.stringify(lease)})
    console.log(createLease(1).isLive(1e9))`
  for (const [search, isLive] of [
    ['', 'true\n'],
    ['?keep', 'false\n'],
  ] as const) {
    const hooks = new URL(`../../bench/load/exchange-lease.js${search}`, import.meta.url).href
    const args = ['--import', hooks, '--input-type=module', '-e', script]
    assert.equal(await runChild(process.execPath, args, { withinMs: 20_000 }), isLive)
  }
})

test('an open loop asks as often as is due, phase by phase', async () => {
  const folder = await createFolder('loop')
  const file = join(folder, 'loop.json')
  const phases = [
    { perSecond: 100, seconds: 0.3 },
    { perSecond: 200, seconds: 0.3 },
  ]
  await writeFile(
    file,
    JSON.stringify({ port: portOf(), connections: 4, workload, phases, isDropping: false }),
  )
  const script = fileURLToPath(new URL('../../bench/load/open-loop.js', import.meta.url))
  const { stdout } = await run(process.execPath, [script, file], { timeout: 20_000 })
  const [first, second] = JSON.parse(stdout) as [Looped, Looped]
  assert.deepEqual([first.due, first.answered, first.refused], [30, 30, 0])
  assert.deepEqual([second.due, second.answered, second.dropped], [60, 60, 0])
  assert.ok(first.awayMs >= 0)
  assert.ok(first.p50Ms > 0 && first.p99Ms >= first.p50Ms && first.maxMs >= first.p999Ms)
  await removeFolder(folder)
})
