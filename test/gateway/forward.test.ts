import assert from 'node:assert/strict'
import { test } from 'node:test'
import { caddy, traefik } from '../../src/gateway/forward.ts'
import { haproxy } from '../../src/gateway/haproxy.ts'
import { asked, toldOf } from './asked.ts'

const LINES = [
  ['X-Forwarded-Method', 'PUT'],
  ['X-Forwarded-Uri', '/a?b'],
  ['X-Forwarded-Host', 'a.example'],
  ['X-Forwarded-For', '1.1.1.1, 203.0.113.9'],
  ['X-Forwarded-For', '10.0.0.2'],
] as const

for (const dialect of [traefik, caddy, haproxy]) {
  test(`${dialect.name} tells the original request in X-Forwarded headers`, () => {
    const told = toldOf(dialect, asked(LINES, { method: 'GET', target: '/public' }))
    assert.ok(typeof told !== 'string')
    const { address, ...rest } = told
    assert.deepEqual(rest, { method: 'PUT', target: '/a?b', host: 'a.example' })
    assert.equal(address.text, '203.0.113.9')
  })

  test(`${dialect.name} sends no body along`, () => {
    assert.equal(dialect.carriesBodies, false)
  })
}
