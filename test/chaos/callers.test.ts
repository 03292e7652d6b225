import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { until } from '../process/load.ts'
import { type Callers, openCallers } from './callers.ts'
import { clientPortsOf } from './connections.ts'

const request = Buffer.from('GET / HTTP/1.1\r\nHost: app.example\r\n\r\n')
/** What is done with each request. */
let answer = (response: ServerResponse) => void response.end('yes')
const server = createServer((_, response) => answer(response))
let port = 0

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
})

async function withCallers(count: number, work: (callers: Callers) => Promise<void>) {
  const callers = openCallers({ port, request, count })
  try {
    await work(callers)
  } finally {
    callers.stop()
  }
}

test('callers ask again and again, each by one connection that the system knows', () =>
  withCallers(3, async (callers) => {
    await until('many answers', () => callers.count() > 30)
    assert.deepEqual(callers.failures, [])
    // Both ends are this process: only those of the server lie at its port.
    const ports = clientPortsOf(process.pid, port)
    assert.equal(ports.size, 3)
    for (const own of callers.waiting()) assert.ok(own !== undefined && ports.has(own))
  }))

test('what is asked by a connection that ends is a failure of that connection', async () => {
  await withCallers(1, async (callers) => {
    await until('an answer', () => callers.count() > 0)
    const [own] = clientPortsOf(process.pid, port)
    answer = (response) => void response.destroy()
    await until('a failure', () => callers.failures.length > 0)
    answer = (response) => void response.end('yes')
    assert.equal(callers.failures[0]?.localPort, own)
    assert.equal(callers.failures[0]?.isAnswered, false)
    const { length } = callers.failures
    const count = callers.count()
    await until('answers again', () => callers.count() > count + 5)
    assert.ok(callers.failures.length <= length + 1)
  })
})

test('a connection that ends while nothing is asked by it fails nobody', () =>
  withCallers(2, async (callers) => {
    callers.pace(200)
    await until('all rest', () => callers.count() > 2 && callers.waiting().length === 0)
    server.closeAllConnections()
    const count = callers.count()
    await until('both ask again', () => callers.count() >= count + 2)
    assert.deepEqual(callers.failures, [])
  }))

test('another answer than 200 is told as such', async () => {
  answer = (response) => void response.writeHead(403).end()
  await withCallers(1, async (callers) => {
    await until('a failure', () => callers.failures.length > 0)
    assert.deepEqual([callers.failures[0]?.why, callers.failures[0]?.isAnswered], ['403', true])
  })
})
