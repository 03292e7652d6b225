import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { DOCS_PATH, OPENAPI_PATH, serveDocuments } from '../../src/identity/documents.ts'

const FILE = `${DOCS_PATH}/static/file.css`
let app: FastifyInstance
let openedCount = 0
let isClosed = false

function openInner(): FastifyInstance {
  const inner = Fastify()
  inner.get(OPENAPI_PATH, async () => ({ openapi: '3.1.0' }))
  inner.get(FILE, async (request, reply) => {
    reply.header('etag', '"1"')
    return request.headers['if-none-match'] === '"1"' ? reply.code(304).send() : 'body {}'
  })
  inner.get(`${DOCS_PATH}/headers`, async (request) => request.headers)
  inner.get(`${DOCS_PATH}/broken`, async () => {
    throw new Error('canary')
  })
  inner.addHook('onClose', async () => {
    isClosed = true
  })
  return inner
}

before(() => {
  app = Fastify()
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'nowhere' }))
  app.setErrorHandler((_problem, _request, reply) => reply.code(500).send({ error: 'bug' }))
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
  })
  serveDocuments(app, async () => {
    openedCount += 1
    return openInner()
  })
})
after(() => app.close())

test('nothing is drawn before somebody reads, and then once', async () => {
  await app.ready()
  assert.equal(openedCount, 0)
  const replies = await Promise.all([app.inject(OPENAPI_PATH), app.inject(OPENAPI_PATH)])
  assert.deepEqual(
    replies.map((reply) => reply.json()),
    [{ openapi: '3.1.0' }, { openapi: '3.1.0' }],
  )
  assert.equal(openedCount, 1)
})

test('a file keeps its own headers beside those of the listening server', async () => {
  const { headers, body } = await app.inject(FILE)
  assert.deepEqual([headers.etag, headers['x-content-type-options']], ['"1"', 'nosniff'])
  assert.equal(body, 'body {}')
})

test('a file that the reader has already is not sent again', async () => {
  const { statusCode, body, headers } = await app.inject({
    url: FILE,
    headers: { 'if-none-match': '"1"' },
  })
  assert.deepEqual([statusCode, body, headers['content-type']], [304, '', undefined])
})

test('a reader’s cookies and tokens are not passed on', async () => {
  const headers = { cookie: 'dvara_session=x', authorization: 'Bearer x', range: 'bytes=0-1' }
  const seen = (await app.inject({ url: `${DOCS_PATH}/headers`, headers })).json()
  assert.deepEqual(
    [seen.cookie, seen.authorization, seen.range],
    [undefined, undefined, 'bytes=0-1'],
  )
})

test('what is not there, and what is broken, is said by the listening server', async () => {
  const missing = await app.inject(`${DOCS_PATH}/none`)
  assert.deepEqual([missing.statusCode, missing.json()], [404, { error: 'nowhere' }])
  const broken = await app.inject(`${DOCS_PATH}/broken`)
  assert.deepEqual([broken.statusCode, broken.json()], [500, { error: 'bug' }])
})

test('it is closed with the server that listens', async () => {
  await app.close()
  assert.equal(isClosed, true)
})
