import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Address, parseAddress } from '../../src/core/address.ts'
import { clientAddress, compileNetworks, HOPS_MAX, matchNetwork } from '../../src/core/network.ts'

function address(text: string): Address {
  const parsed = parseAddress(text)
  assert.ok(parsed !== undefined, text)
  return parsed
}

function compile(...cidrs: string[]) {
  const compiled = compileNetworks(cidrs)
  assert.ok(compiled.kind === 'compiled', JSON.stringify(compiled))
  return compiled.networks
}

/** The slow way: one big number for the address, one for the network, compared by shifting. */
function matchSlowly(cidrs: readonly string[], candidate: Address): boolean {
  return cidrs.some((cidr) => {
    const [text = '', length = ''] = cidr.split('/')
    const network = address(text)
    if (network.family !== candidate.family) return false
    const width = network.family === 4 ? 32n : 128n
    const shift = width - BigInt(length)
    return toBigInt(network) >> shift === toBigInt(candidate) >> shift
  })
}

function toBigInt({ a, b, c, d }: Address): bigint {
  return (BigInt(a) << 96n) | (BigInt(b) << 64n) | (BigInt(c) << 32n) | BigInt(d)
}

const MATCHES = [
  { cidrs: ['10.0.0.0/8'], text: '10.255.255.255', expect: true },
  { cidrs: ['10.0.0.0/8'], text: '11.0.0.0', expect: false },
  { cidrs: ['10.0.0.0/8'], text: '::ffff:10.1.1.1', expect: true },
  { cidrs: ['10.0.0.0/8'], text: 'a00::', expect: false },
  { cidrs: ['10.1.2.3/8'], text: '10.200.0.1', expect: true },
  { cidrs: ['127.0.0.1'], text: '127.0.0.1', expect: true },
  { cidrs: ['127.0.0.1'], text: '127.0.0.2', expect: false },
  { cidrs: ['::1'], text: '::1', expect: true },
  { cidrs: ['::ffff:10.0.0.0/104'], text: '10.9.9.9', expect: true },
  { cidrs: ['::ffff:0:0/96'], text: '203.0.113.9', expect: true },
  { cidrs: ['0.0.0.0/0'], text: '255.255.255.255', expect: true },
  { cidrs: ['0.0.0.0/0'], text: '::', expect: false },
  { cidrs: ['::/0'], text: 'ffff::', expect: true },
  { cidrs: ['::/0'], text: '1.2.3.4', expect: false },
  { cidrs: ['10.0.0.0/16', '10.0.0.0/8'], text: '10.9.0.0', expect: true },
  { cidrs: ['10.0.0.0/8', '10.0.0.0/16'], text: '10.9.0.0', expect: true },
  { cidrs: ['0.0.0.0/0', '10.0.0.0/8'], text: '9.0.0.0', expect: true },
  { cidrs: [], text: '127.0.0.1', expect: false },
]

describe('matchNetwork', () => {
  for (const { cidrs, text, expect } of MATCHES) {
    test(`${text} is ${expect ? '' : 'not '}in [${cidrs.join(', ')}]`, () => {
      assert.equal(matchNetwork(compile(...cidrs), address(text)), expect)
    })
  }

  test('agrees with whole-number arithmetic on random networks and their neighbours', () => {
    const four = fc.tuple(fc.ipV4(), fc.nat(32)).map(([text, bits]) => `${text}/${bits}`)
    const six = fc
      .tuple(fc.ipV6(), fc.nat(128))
      .map(([text, bits]) => `${text}/${bits}`)
      .filter((cidr) => address(cidr.slice(0, cidr.indexOf('/'))).family === 6)
    const cidrs = fc.array(fc.oneof(four, six), { maxLength: 12 })
    const probe = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(cidrs, fc.array(probe, { maxLength: 8 }), (list, probes) => {
        const set = compile(...list)
        const edges = list.map((cidr) => cidr.slice(0, cidr.indexOf('/')))
        for (const text of [...probes, ...edges]) {
          const candidate = address(text)
          assert.equal(matchNetwork(set, candidate), matchSlowly(list, candidate), text)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('compileNetworks', () => {
  test('every bad entry is reported, and no part of the list is compiled', () => {
    const bad = [
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/08',
      '10.0.0.0/+8',
      '10.0.0.0/8/8',
      '10/8',
      '::/129',
      '::ffff:10.0.0.0/95',
      '[::1]/128',
      'fe80::1%eth0',
      'localhost',
      '',
    ]
    assert.deepEqual(compileNetworks(['10.0.0.0/8', ...bad]), { kind: 'refused', bad })
  })
})

const PEER = '192.0.2.1'
const CHAINS = [
  { name: 'one entry is the client', chain: '203.0.113.9', expect: '203.0.113.9' },
  { name: 'what the client claimed is left of it', chain: '1.1.1.1, 203.0.113.9' },
  { name: 'trusted proxies are skipped', chain: '1.1.1.1, 203.0.113.9, 10.0.0.1,10.0.0.2' },
  { name: 'the gateway’s own entry is skipped', chain: '203.0.113.9, 192.0.2.1' },
  { name: 'and so is its mapped spelling', chain: '203.0.113.9, ::ffff:192.0.2.1' },
  { name: 'garbage left of the client is not looked at', chain: 'unknown, 203.0.113.9' },
  {
    name: 'where all are trusted it is the farthest',
    chain: '10.0.0.9, 10.0.0.1',
    expect: '10.0.0.9',
  },
  { name: 'an empty chain gives the peer', chain: '', expect: PEER },
  { name: 'a lone comma gives the peer', chain: ',', expect: PEER },
  { name: 'an empty last entry gives the peer', chain: '203.0.113.9,', expect: PEER },
  {
    name: 'an empty entry on the way gives the peer',
    chain: '203.0.113.9,,10.0.0.1',
    expect: PEER,
  },
  { name: 'garbage as the client gives the peer', chain: '1.1.1.1, unknown', expect: PEER },
  { name: 'an obfuscated name gives the peer', chain: '_hidden', expect: PEER },
  { name: 'a port gives the peer', chain: '203.0.113.9:4711', expect: PEER },
  { name: 'brackets give the peer', chain: '[2001:db8::1]', expect: PEER },
  { name: 'tabs and spaces around an entry are allowed', chain: '1.1.1.1 ,\t 203.0.113.9 \t' },
  { name: 'IPv6 clients are read', chain: '1.1.1.1, 2001:DB8::1', expect: '2001:db8::1' },
  {
    name: '200 claimed entries do not hide the client',
    chain: `${'1.1.1.1, '.repeat(200)}203.0.113.9`,
  },
  {
    name: '200 trusted entries are not believed',
    chain: `203.0.113.9${', 10.0.0.1'.repeat(200)}`,
    expect: PEER,
  },
  {
    name: 'as many proxies as are believed',
    chain: `203.0.113.9${', 10.0.0.1'.repeat(HOPS_MAX - 1)}`,
  },
  {
    name: 'and one more than that',
    chain: `203.0.113.9${', 10.0.0.1'.repeat(HOPS_MAX)}`,
    expect: PEER,
  },
]

describe('clientAddress', () => {
  const trusted = compile('10.0.0.0/8')
  for (const { name, chain, expect = '203.0.113.9' } of CHAINS) {
    test(name, () => {
      const found = clientAddress({ forwardedFor: chain, peer: address(PEER), trusted })
      assert.equal(found.text, expect)
    })
  }

  test('nothing that a client prepends changes whom we take it for', () => {
    const claim = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('10.0.0.1'))
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 40 }), (claims) => {
        const forwardedFor = [...claims, '203.0.113.9', '10.0.0.1'].join(', ')
        const found = clientAddress({ forwardedFor, peer: address(PEER), trusted })
        assert.equal(found.text, '203.0.113.9')
      }),
    )
  })
})
