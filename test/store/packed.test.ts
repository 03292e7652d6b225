import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packFields } from '../../src/store/packed.ts'

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('each field stands behind its length in bytes', () => {
  const row = ['ab', '', 1_700_000_000_000, Uint8Array.of(0, 255), 'ü']
  const expected = ['00000002', '6162', '00000000', '0000000d', '31373030303030303030303030']
  expected.push('00000002', '00ff', '00000002', 'c3bc')
  assert.equal(hexOf(packFields([row], (one) => one)), expected.join(''))
  const twice = packFields([row, row], (one) => one)
  assert.equal(hexOf(twice), [...expected, ...expected].join(''))
})

test('long texts and many fields find room', () => {
  const texts = ['a'.repeat(64), 'b'.repeat(65), `${'c'.repeat(2_000)}ü`, 'd'.repeat(20_000)]
  const packed = Buffer.from(packFields([texts], (one) => one))
  let at = 0
  for (const text of texts) {
    const bytesCount = packed.readUInt32BE(at)
    assert.equal(packed.toString('utf8', at + 4, at + 4 + bytesCount), text)
    at += 4 + bytesCount
  }
  assert.equal(at, packed.length)
})

test('nothing is packed into nothing', () => {
  assert.equal(packFields([], () => []).length, 0)
})
