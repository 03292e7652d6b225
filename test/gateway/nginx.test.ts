import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nginx } from '../../src/gateway/nginx.ts'
import { asked, toldOf } from './asked.ts'

function readWithRealIp(realIp: string) {
  return toldOf(
    nginx,
    asked([
      ['Host', 'a.example'],
      ['X-Original-Method', 'GET'],
      ['X-Original-URI', '/a'],
      ['X-Real-IP', realIp],
    ]),
  )
}

test('X-Real-IP is the client, trusted proxy or not', () => {
  for (const text of ['203.0.113.9', '10.0.0.7', '2001:db8::1']) {
    const told = readWithRealIp(text)
    assert.ok(typeof told !== 'string')
    assert.equal(told.address.text, text)
  }
})

for (const text of ['', 'unix:', '1.2.3.4, 5.6.7.8', '1.2.3.4:80', 'unknown']) {
  test(`an X-Real-IP of ${JSON.stringify(text)} is nginx’s own fault`, () => {
    assert.equal(readWithRealIp(text), 'x-real-ip')
  })
}

test('the method and path of the subrequest are never used', () => {
  const about = { method: 'GET', target: '/public' }
  assert.equal(toldOf(nginx, asked([['Host', 'a']], about)), 'x-original-method')
})
