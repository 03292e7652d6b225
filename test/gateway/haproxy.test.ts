import assert from 'node:assert/strict'
import { test } from 'node:test'
import { haproxy } from '../../src/gateway/haproxy.ts'
import { asked, toldOf } from './asked.ts'

test('a HEAD that says nothing of the original request is not taken for it', () => {
  const told = toldOf(haproxy, asked([['Host', '127.0.0.1:9090']], { method: 'HEAD' }))
  assert.equal(told, 'x-forwarded-method')
})

test('same-name headers that HAProxy joined are no single value', () => {
  const lines = [
    ['X-Forwarded-Method', 'GET, POST'],
    ['X-Forwarded-Uri', '/a'],
    ['X-Forwarded-Host', 'a.example, b.example'],
    ['X-Forwarded-For', '203.0.113.9'],
  ] as const
  const told = toldOf(haproxy, asked(lines))
  assert.ok(typeof told !== 'string')
  // Neither is a token nor a host, so that the check is refused.
  assert.deepEqual([told.method, told.host], ['GET, POST', 'a.example, b.example'])
})
