import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HashKey, hashNetworkInto, hashTextInto } from '../../src/core/keyed-hash.ts'
import { addressOf } from './facts.ts'

const KEY: HashKey = [0x01020304, 0x0a0b0c0d]

function ofText(text: string, domain = 1, key = KEY): string {
  const target = new Uint32Array(2)
  hashTextInto(target, key, domain, text)
  return target.join()
}

function ofAddress(text: string, key = KEY): string {
  const target = new Uint32Array(2)
  hashNetworkInto(target, key, addressOf(text))
  return target.join()
}

test('the same name has the same hash, and no other name, domain or key has it', () => {
  assert.equal(ofText('ID0000000001'), ofText('ID0000000001'))
  const all = [
    ofText('ID0000000001'),
    ofText('ID0000000002'),
    ofText('ID0000000001\0'),
    ofText(''),
    ofText('\0'),
    ofText('ID0000000001', 2),
    ofText('ID0000000001', 1, [1, 2]),
  ]
  assert.equal(new Set(all).size, all.length)
})

test('an IPv4 address counts for itself, IPv6 by its /64', () => {
  assert.equal(ofAddress('192.0.2.1'), ofAddress('::ffff:192.0.2.1'))
  assert.notEqual(ofAddress('192.0.2.1'), ofAddress('192.0.2.2'))
  assert.equal(ofAddress('2001:db8:1:2::1'), ofAddress('2001:db8:1:2:ffff::9'))
  assert.notEqual(ofAddress('2001:db8:1:2::1'), ofAddress('2001:db8:1:3::1'))
  assert.notEqual(ofAddress('::'), ofAddress('0.0.0.0'))
})

test('neighbouring names fall evenly into sets', () => {
  const sets = new Uint32Array(64)
  const target = new Uint32Array(2)
  const count = 64 * 200
  for (let at = 0; at < count; at++) {
    const address = `2001:db8:${(at >>> 8).toString(16)}:${(at & 255).toString(16)}::`
    hashNetworkInto(target, KEY, addressOf(address))
    const set = (target[0] as number) & 63
    sets[set] = (sets[set] as number) + 1
  }
  // 200 expected each; five times the deviation of a fair draw.
  for (const size of sets) assert.ok(Math.abs(size - 200) < 71, String(size))
})
