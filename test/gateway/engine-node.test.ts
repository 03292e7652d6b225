/** What is peculiar to this engine; conformance.test.ts holds what both promise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchange, readWire, valuesOf } from './client.ts'
import { openServer } from './opened.ts'

test('no header is dropped silently, however many there are', async (t) => {
  const opened = await openServer('node')
  t.after(() => opened.server.close())
  const many = `${'a: b\r\n'.repeat(3_000)}X-Dvara-User: root\r\n`
  const heard = await exchange(opened.port, readWire('nginx').replace('Host:', `${many}Host:`))
  assert.deepEqual(valuesOf(heard.replies[0], 'x-auth-reason'), ['authz.malformed_check'])
  assert.deepEqual(opened.checks, [])
})

test('HTTP/1.0, as older nginx speaks it, is answered and ended', async (t) => {
  const opened = await openServer('node')
  t.after(() => opened.server.close())
  const raw = readWire('nginx').replace('HTTP/1.1', 'HTTP/1.0')
  const heard = await exchange(opened.port, raw, { untilClosed: true })
  assert.equal(heard.replies[0]?.status, 200)
  assert.ok(heard.isClosed)
})
