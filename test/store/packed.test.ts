import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packFields } from '../../src/store/packed.ts'

test('each field stands behind its length in bytes', () => {
  const packed = packFields(['ab', '', 1_700_000_000_000, Uint8Array.of(0, 255), 'ü'])
  const expected = ['00000002', '6162', '00000000', '0000000d', '31373030303030303030303030']
  expected.push('00000002', '00ff', '00000002', 'c3bc')
  assert.equal(Buffer.from(packed).toString('hex'), expected.join(''))
})

test('nothing is packed into nothing', () => {
  assert.equal(packFields([]).length, 0)
})
