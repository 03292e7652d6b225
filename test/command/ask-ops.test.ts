import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { askOps } from '../../src/command/ask-ops.ts'
import { findPort } from '../process/servers.ts'

async function serve(context: TestContext, answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { kind: 'tcp', host: '127.0.0.1', port } as const
}

test('a question without a body is a GET, one with a body a POST of JSON', async (context) => {
  const place = await serve(context, (request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const { method, url, headers } = request
      response.statusCode = 418
      response.end(JSON.stringify([method, url, headers['content-type'] ?? null, body]))
    })
  })
  const bare = await askOps(place, { path: '/a?b=1', withinMs: 5_000 })
  assert.deepEqual(bare, { status: 418, text: '["GET","/a?b=1",null,""]' })
  const { text } = await askOps(place, { path: '/c', body: { é: 1 }, withinMs: 5_000 })
  assert.deepEqual(JSON.parse(text), ['POST', '/c', 'application/json', '{"é":1}'])
})

test('who does not answer, or answers half, is an error that says so', async (context) => {
  const mute = await serve(context, () => undefined)
  const question = { path: '/', withinMs: 50 }
  await assert.rejects(askOps(mute, question), { message: 'no answer in 50 ms' })
  const half = await serve(context, (_, response) => {
    response.write('{')
    setTimeout(() => response.destroy(), 10)
  })
  await assert.rejects(askOps(half, { ...question, withinMs: 5_000 }), { message: 'aborted' })
  const nobody = { kind: 'tcp', host: '127.0.0.1', port: await findPort() } as const
  await assert.rejects(askOps(nobody, question), /ECONNREFUSED/)
})
