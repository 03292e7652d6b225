import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createOpsServer, type OpsDependencies } from '../../src/telemetry/ops.ts'

async function open(context: TestContext, deps: Partial<OpsDependencies> = {}) {
  const server = createOpsServer({
    listen: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    metrics: async () => '# HELP a b\n',
    isReady: () => ({ ready: true, problems: [] }),
    isLive: () => true,
    ...deps,
  })
  const address = await server.open()
  context.after(() => server.close())
  return { server, address, url: `http://${address}` }
}

test('metrics are Prometheus’ text and never stored', async (context) => {
  const { url } = await open(context)
  const reply = await fetch(`${url}/metrics?x=1`)
  assert.equal(reply.status, 200)
  assert.equal(reply.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(reply.headers.get('cache-control'), 'no-store')
  assert.equal(await reply.text(), '# HELP a b\n')
})

test('health says 200 or 503, and why', async (context) => {
  const state = { ready: true, live: true, problems: [] as string[] }
  const { url } = await open(context, { isReady: () => state, isLive: () => state.live })
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
  const ready = await fetch(`${url}/health/ready`)
  assert.deepEqual([ready.status, await ready.json()], [200, { ready: true, problems: [] }])
  Object.assign(state, { ready: false, live: false, problems: ['no lease'] })
  const unready = await fetch(`${url}/health/ready`)
  const said = (await unready.json()) as { ready: boolean; problems: string[] }
  assert.deepEqual([unready.status, said.ready, said.problems], [503, false, ['no lease']])
  assert.equal((await fetch(`${url}/health/live`)).status, 503)
})

const ANSWERS: [string, string, number][] = [
  ['HEAD', '/metrics', 200],
  ['HEAD', '/health/live', 200],
  ['GET', '/', 404],
  ['GET', '/metrics/', 404],
  ['GET', '//metrics', 404],
  ['GET', '/health', 404],
  ['GET', '/Metrics', 404],
  ['POST', '/metrics', 405],
  ['POST', '/nothing', 405],
  ['DELETE', '/health/live', 405],
  ['OPTIONS', '/metrics', 405],
]

for (const [method, path, status] of ANSWERS) {
  test(`${method} ${path} is ${status}`, async (context) => {
    const { url } = await open(context)
    const reply = await fetch(`${url}${path}`, { method })
    assert.equal(reply.status, status)
    assert.equal(reply.headers.get('allow'), status === 405 ? 'GET, HEAD' : null)
    if (method === 'HEAD') assert.equal(await reply.text(), '')
    else assert.match(await reply.text(), status === 200 ? /./ : /"error":/)
  })
}

test('a collection that fails is a 500 that gives nothing away', async (context) => {
  const metrics = () => Promise.reject(new Error('canary'))
  const { url } = await open(context, { metrics })
  const reply = await fetch(`${url}/metrics`)
  assert.equal(reply.status, 500)
  assert.doesNotMatch(await reply.text(), /canary/)
})

test('health that throws is a 500, and the server lives on', async (context) => {
  const isReady = () => assert.fail('bug')
  const { url } = await open(context, { isReady })
  assert.equal((await fetch(`${url}/health/ready`)).status, 500)
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
})

test('scrapes at the same time share one collection, later ones do not', async (context) => {
  let collections = 0
  let finish: (text: string) => void = () => undefined
  const metrics = () => {
    collections++
    return new Promise<string>((resolve) => {
      finish = resolve
    })
  }
  const { url } = await open(context, { metrics })
  const both = [fetch(`${url}/metrics`), fetch(`${url}/metrics`)]
  await fetch(`${url}/health/live`)
  while (collections === 0) await new Promise((resolve) => setImmediate(resolve))
  // Connections are answered in order of arrival only within one; a few turns let both arrive.
  for (let turn = 0; turn < 3; turn++) await fetch(`${url}/health/live`)
  finish('a\n')
  for (const reply of await Promise.all(both)) assert.equal(await reply.text(), 'a\n')
  assert.equal(collections, 1)
  const later = fetch(`${url}/metrics`)
  while (collections === 1) await new Promise((resolve) => setImmediate(resolve))
  finish('b\n')
  assert.equal(await (await later).text(), 'b\n')
})

test('a port that is taken is an error to whoever opens', async (context) => {
  const { address } = await open(context)
  const port = Number(address.split(':')[1])
  const second = createOpsServer({
    listen: { kind: 'tcp', host: '127.0.0.1', port },
    metrics: async () => '',
    isReady: () => ({ ready: true, problems: [] }),
    isLive: () => true,
  })
  await assert.rejects(second.open(), { code: 'EADDRINUSE' })
})

test('it listens on a unix socket as well', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'dvara-ops-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'ops.sock')
  const { address } = await open(context, { listen: { kind: 'unix', path } })
  assert.equal(address, `unix:${path}`)
  const status = await new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, path: '/health/live' }, (reply) => {
      reply.resume()
      resolve(reply.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
  assert.equal(status, 200)
})

const OPERATIONS: OpsDependencies['operations'] = [
  {
    method: 'GET',
    path: '/things',
    answer: async ({ query }) => ({ status: 200, value: { of: query.get('of') } }),
  },
  {
    method: 'GET',
    path: '/things/',
    answer: async ({ rest }) => ({ status: 404, value: { rest } }),
  },
  { method: 'POST', path: '/ask', answer: async ({ body }) => ({ status: 200, value: { body } }) },
]
const JSON_HEADERS = { 'Content-Type': 'application/json' }

test('operations answer in JSON, by whole path or by what follows', async (context) => {
  const { url } = await open(context, { operations: OPERATIONS })
  const said = async (path: string, init?: RequestInit) => {
    const reply = await fetch(`${url}${path}`, init)
    return [reply.status, await reply.json()]
  }
  assert.deepEqual(await said('/things?of=mine'), [200, { of: 'mine' }])
  assert.deepEqual(await said('/things/7'), [404, { rest: '7' }])
  const asked = { method: 'POST', body: '{"a":1}', headers: JSON_HEADERS }
  assert.deepEqual(await said('/ask', asked), [200, { body: { a: 1 } }])
  assert.equal((await said('/things/'))[0], 404)
  assert.equal((await said('/ask'))[0], 404)
  assert.equal((await said('/things', { method: 'POST' }))[0], 405)
})

const BODIES: [string, RequestInit, number][] = [
  ['without a type', { body: '{}' }, 415],
  ['of a form', { body: new URLSearchParams('a=1') }, 415],
  ['that is no JSON', { body: '{', headers: JSON_HEADERS }, 400],
  ['that is too long', { body: `"${'x'.repeat(70_000)}"`, headers: JSON_HEADERS }, 413],
]
for (const [name, init, status] of BODIES) {
  test(`a body ${name} is refused with ${status}`, async (context) => {
    const { url } = await open(context, { operations: OPERATIONS })
    assert.equal((await fetch(`${url}/ask`, { method: 'POST', ...init })).status, status)
    assert.equal((await fetch(`${url}/things`)).status, 200)
  })
}

test('a page in a browser is told nothing', async (context) => {
  const { url } = await open(context, { operations: OPERATIONS })
  for (const site of ['cross-site', 'same-site', 'same-origin']) {
    const status = await new Promise((resolve, reject) => {
      const headers = { 'Sec-Fetch-Site': site }
      const asked = request(`${url}/things`, { headers }, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      })
      asked.on('error', reject)
      asked.end()
    })
    assert.equal(status, 403)
  }
})
