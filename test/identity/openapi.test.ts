import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DOCS_PATH } from '../../src/identity/documents.ts'
import { createEndpoints } from '../../src/identity/endpoints.ts'
import { openWorld, type Running, type World } from './world.ts'

let world: World
let api: Running
before(async () => {
  world = await openWorld()
  api = await world.start()
})
after(async () => {
  await api?.close()
  await world?.close()
})

interface Operation {
  summary?: string
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: { properties: object } }> }
  responses: Record<string, { description: string }>
  security?: object[]
}

async function loadDocument() {
  const { body } = await api.send('GET', '/openapi.json')
  return body as { openapi: string; info: object; paths: Record<string, Record<string, Operation>> }
}

test('the document lists every endpoint at both addresses, and nothing else', async () => {
  const { openapi, paths } = await loadDocument()
  assert.match(openapi, /^3\.1\./)
  const listed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  )
  const built = createEndpoints(api.parts).flatMap(({ method, door, path }) =>
    ['/api/v2', '/api/v2/barong'].map(
      (mount) => `${method.toLowerCase()} ${mount}/${door}${path.replace(/:(\w+)/g, '{$1}')}`,
    ),
  )
  assert.deepEqual(listed.sort(), built.sort())
})

test('every operation is described: what it does, every parameter, every refusal', async () => {
  const { paths } = await loadDocument()
  for (const { method, door, path, params, refusals, access } of createEndpoints(api.parts)) {
    const operation =
      paths[`/api/v2/${door}${path.replace(/:(\w+)/g, '{$1}')}`]?.[method.toLowerCase()]
    assert.ok(operation?.summary, `${method} ${path}`)
    const inBody = operation.requestBody?.content['application/json']?.schema.properties ?? {}
    const names = [...Object.keys(inBody), ...(operation.parameters ?? []).map(({ name }) => name)]
    assert.deepEqual(names.sort(), Object.keys(params.properties).sort(), `${method} ${path}`)
    assert.equal(operation.security !== undefined, access !== 'anyone', `${method} ${path}`)
    for (const refusal of refusals) {
      const [status, code] = refusal.split(' ') as [string, string]
      assert.ok(operation.responses[status]?.description.includes(code), refusal)
    }
  }
})

test('the page that shows it needs no inline script and loads all it names', async () => {
  const page = await api.app.inject({ method: 'GET', url: DOCS_PATH })
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-security-policy']), /script-src 'self';/)
  const scripts = [...page.body.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)]
  assert.ok(scripts.length >= 3)
  for (const [, attributes, inline] of scripts) {
    assert.equal(inline?.trim(), '')
    const src = /src="([^"]+)"/.exec(attributes ?? '')?.[1] ?? ''
    const url = new URL(src, `http://x${DOCS_PATH}`).pathname
    assert.equal((await api.app.inject({ method: 'GET', url })).statusCode, 200, url)
  }
})
