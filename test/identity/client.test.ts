import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../src/core/address.ts'
import { networkOf } from '../../src/identity/client.ts'

const network = (text: string) => {
  const address = parseAddress(text)
  assert.ok(address)
  return networkOf(address)
}

test('an IPv4 address is a network by itself', () => {
  assert.equal(network('192.0.2.1'), '192.0.2.1')
  assert.notEqual(network('192.0.2.1'), network('192.0.2.2'))
})
test('IPv4 in IPv6 clothes is the same network', () => {
  assert.equal(network('::ffff:192.0.2.1'), network('192.0.2.1'))
})
test('IPv6 addresses of one /64 are one network', () => {
  assert.equal(network('2001:db8:1:2::1'), network('2001:db8:1:2:ffff::9'))
})
test('IPv6 addresses of two /64 are two networks', () => {
  assert.notEqual(network('2001:db8:1:2::1'), network('2001:db8:1:3::1'))
})
