import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barong } from '../../src/gateway/barong.ts'
import { asked, toldOf } from './asked.ts'

const ABOUT = { method: 'DELETE', target: '/api/v2/x', peer: '192.0.2.1' }

test('like Barong it needs neither Host nor X-Forwarded-For', () => {
  const told = toldOf(barong, asked([], ABOUT))
  assert.ok(typeof told !== 'string')
  assert.equal(told.host, '')
  assert.equal(told.address.text, '192.0.2.1')
  assert.equal(`${told.method} ${told.target}`, 'DELETE /api/v2/x')
})

test('the entry of Envoy itself is passed over', () => {
  const told = toldOf(barong, asked([['X-Forwarded-For', '6.6.6.6,203.0.113.9,192.0.2.1']], ABOUT))
  assert.ok(typeof told !== 'string')
  assert.equal(told.address.text, '203.0.113.9')
})

test('True-Client-IP and Client-IP are nobody’s word', () => {
  const lines = [
    ['True-Client-IP', '6.6.6.6'],
    ['Client-IP', '6.6.6.6'],
  ] as const
  const told = toldOf(barong, asked(lines, ABOUT))
  assert.ok(typeof told !== 'string')
  assert.equal(told.address.text, '192.0.2.1')
})

test('two hosts are no host', () => {
  const lines = [
    ['Host', 'a'],
    ['Host', 'a'],
  ] as const
  assert.equal(toldOf(barong, asked(lines, ABOUT)), 'host')
})
