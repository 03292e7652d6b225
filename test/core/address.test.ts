import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  isSameAddress,
  isSameNetwork,
  LOOPBACK,
  parseAddress,
  readAddress,
} from '../../src/core/address.ts'

const READABLE = [
  { text: '0.0.0.0', canonical: '0.0.0.0' },
  { text: '255.255.255.255', canonical: '255.255.255.255' },
  { text: '::', canonical: '::' },
  { text: '::1', canonical: '::1' },
  { text: '1::', canonical: '1::' },
  { text: '2001:DB8:0:0:0:0:0:1', canonical: '2001:db8::1' },
  { text: '2001:0db8:0:1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
  { text: '1:0:0:2:0:0:0:3', canonical: '1:0:0:2::3' },
  { text: '1:0:0:2:3:0:0:4', canonical: '1::2:3:0:0:4' },
  { text: '::ffff:192.0.2.1', canonical: '192.0.2.1' },
  { text: '::ffff:c000:201', canonical: '192.0.2.1' },
  { text: '64:ff9b::192.0.2.1', canonical: '64:ff9b::c000:201' },
  { text: '1:2:3:4:5:6:7::', canonical: '1:2:3:4:5:6:7:0' },
]

const UNREADABLE = [
  '',
  ' ',
  '1',
  '1.2',
  '1.2.3',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4.',
  '1.2.3.4.5',
  '01.2.3.4',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '1.2.3.256',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '+1.2.3.4',
  '1.2.3.4:80',
  '[::1]',
  '[::1]:80',
  '::1%eth0',
  ':',
  ':::',
  '1:2',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1::2',
  '1:2:3:4:5:6:7:',
  ':1:2:3:4:5:6:7',
  '12345::',
  'g::',
  '::1.2.3',
  '::1.2.3.4.5',
  '1.2.3.4::',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::\x101',
  'unknown',
  '_hidden',
  '１.2.3.4',
  '1'.repeat(100_000),
  ':'.repeat(100_000),
]

describe('parseAddress', () => {
  for (const { text, canonical } of READABLE) {
    test(`reads ${text} as ${canonical}`, () => {
      assert.equal(parseAddress(text)?.text, canonical)
    })
  }
  for (const text of UNREADABLE) {
    test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.equal(parseAddress(text), undefined)
    })
  }

  test('a mapped address is the IPv4 address, in every field', () => {
    assert.deepEqual(parseAddress('::ffff:127.0.0.1'), parseAddress('127.0.0.1'))
    assert.deepEqual(parseAddress('127.0.0.1'), LOOPBACK)
  })

  test('agrees with node:net on what is an address, but for zones', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789abcfF.:'), maxLength: 24 })
    const text = fc.oneof(near, fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(text, (candidate) => {
        const isAddress = isIPv4(candidate) || isIPv6(candidate)
        assert.equal(parseAddress(candidate) !== undefined, isAddress, candidate)
      }),
      { numRuns: 3000 },
    )
  })

  test('canonical text reads back as the same address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text)
        assert.ok(address !== undefined)
        assert.deepEqual(parseAddress(address.text), address)
      }),
    )
  })
})

describe('readAddress', () => {
  test('four, mapped and sixteen bytes are read; other lengths are not', () => {
    assert.deepEqual(readAddress(Uint8Array.of(127, 0, 0, 1)), LOOPBACK)
    const mapped = new Uint8Array(16)
    mapped.set([0xff, 0xff, 127, 0, 0, 1], 10)
    assert.deepEqual(readAddress(mapped), LOOPBACK)
    assert.equal(readAddress(new Uint8Array(16).fill(255))?.text, Array(8).fill('ffff').join(':'))
    assert.equal(readAddress(new Uint8Array(0)), undefined)
    assert.equal(readAddress(new Uint8Array(5)), undefined)
  })
})

const NETWORKS = [
  { one: '10.1.0.0', other: '10.1.255.255', same: true },
  { one: '10.1.0.0', other: '10.2.0.0', same: false },
  { one: '2001:db8:0:1::', other: '2001:db8:0:1:ffff:ffff:ffff:ffff', same: true },
  { one: '2001:db8:0:1::', other: '2001:db8:0:2::', same: false },
  { one: '2001:db8:0:1::', other: '2001:db9:0:1::', same: false },
  { one: '10.1.0.0', other: '::ffff:10.1.2.3', same: true },
  { one: '0.0.0.1', other: '::1', same: false },
]

describe('isSameNetwork', () => {
  for (const { one, other, same } of NETWORKS) {
    test(`${one} and ${other} are ${same ? '' : 'not '}one network`, () => {
      const [first, second] = [parseAddress(one), parseAddress(other)]
      assert.ok(first && second)
      assert.equal(isSameNetwork(first, second), same)
      assert.equal(isSameNetwork(second, first), same)
    })
  }

  test('isSameAddress tells 0.0.0.1 from ::1', () => {
    const [four, six] = [parseAddress('0.0.0.1'), parseAddress('::1')]
    assert.ok(four && six)
    assert.equal(isSameAddress(four, six), false)
    assert.equal(isSameAddress(four, { ...four }), true)
  })
})
