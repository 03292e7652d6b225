import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseNetwork } from '../../src/core/network.ts'
import { compileNetworkTree, matchNetworkTree } from '../../src/core/network-tree.ts'
import { addressOf } from './facts.ts'

/** Few distinct bits, so that networks hold one another and addresses fall into them. */
const octet = fc.constantFrom(0, 1, 2, 127, 128, 255)
const four = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const group = fc.constantFrom('0', '1', '2001', '8000', 'ffff')
const six = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .filter((groups) => groups.slice(0, 5).some((one) => one !== '0'))
  .map((groups) => groups.join(':'))
const cidr = fc.oneof(
  fc.tuple(four, fc.nat(32)).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(six, fc.nat(128)).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(four, fc.integer({ min: 96, max: 128 })).map(([text, bits]) => `::ffff:${text}/${bits}`),
)

/** The address as a line of bits, from its text alone. */
function bitsOf(text: string): string {
  if (!text.includes(':')) {
    return text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  }
  return text
    .split(':')
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0'))
    .join('')
}

function isHeld(network: string, address: string): boolean {
  const [text = '', length = ''] = network.split('/')
  const mapped = text.startsWith('::ffff:') ? text.slice('::ffff:'.length) : text
  if (mapped.includes(':') !== address.includes(':')) return false
  const bits = Number(length) - (mapped === text ? 0 : 96)
  return bitsOf(mapped).slice(0, bits) === bitsOf(address).slice(0, bits)
}

test('the least value of the networks that hold an address, as a linear scan finds it', () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 30 }), fc.oneof(four, six), (cidrs, address) => {
      const entries = cidrs.map((one, value) => {
        const network = parseNetwork(one)
        assert.ok(network !== undefined, one)
        return { ...network, value }
      })
      const expected = cidrs.findIndex((one) => isHeld(one, address))
      assert.equal(matchNetworkTree(compileNetworkTree(entries), addressOf(address)), expected)
      const backwards = compileNetworkTree([...entries].reverse())
      assert.equal(matchNetworkTree(backwards, addressOf(address)), expected)
    }),
    { numRuns: 10_000 },
  )
})

/** Counts the nodes that a match looks at: each is asked for its address exactly once. */
function createCounted(count: number): (address: string) => number {
  let visits = 0
  const entries = Array.from({ length: count }, (_, value) => {
    const text = `${value & 255}.${(value >> 8) & 255}.${(value >> 16) & 255}.0/24`
    const network = parseNetwork(text)
    assert.ok(network !== undefined)
    return { ...network, value }
  })
  const tree = compileNetworkTree(entries)
  const count1 = (node: object | undefined): void => {
    if (node === undefined) return
    const { address: known, zero, one } = node as { address: object; zero?: object; one?: object }
    Object.defineProperty(node, 'address', {
      get() {
        visits++
        return known
      },
    })
    count1(zero)
    count1(one)
  }
  count1(tree.four)
  return (address) => {
    visits = 0
    assert.notEqual(matchNetworkTree(tree, addressOf(address)), -1)
    return visits
  }
}

test('100,000 networks cost as many steps as the bits that tell them apart', () => {
  assert.ok(createCounted(10)('7.0.0.9') <= 5)
  const visitsOf = createCounted(100_000)
  assert.ok(visitsOf('7.1.0.9') <= 18)
  assert.ok(visitsOf('7.1.1.9') <= 18)
})
