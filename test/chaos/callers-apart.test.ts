import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { until } from '../process/load.ts'
import { openCallersApart } from './callers-apart.ts'

test('callers in a process of their own ask, slow down, are counted, and end', async () => {
  let askedCount = 0
  let status = 200
  const server = createServer((_, response) => {
    askedCount++
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: app.example\r\n\r\n')
  const callers = openCallersApart({ port, request, count: 2 })
  try {
    await until('they ask', async () => (await callers.count()) > 50)
    assert.ok(askedCount > 50)
    assert.deepEqual(await callers.failures(), [])
    status = 403
    await until('they say what went wrong', async () => (await callers.failures()).length > 0)
    assert.equal((await callers.failures())[0], '403')
    callers.pace(60_000)
    // What was asked before that comes to its end.
    await until('they rest', async () => {
      const before = askedCount
      await new Promise((resolve) => setTimeout(resolve, 50))
      return askedCount === before
    })
  } finally {
    await callers.stop()
    server.closeAllConnections()
    server.close()
  }
})
