import { knowing } from './known.ts'

/** Canonical bits of an address: 32 characters for IPv4 (also mapped into IPv6), 128 for IPv6. */
const bitsOf = knowing(spellBits)

function spellBits(address: string): string {
  if (!address.includes(':')) return bitsOfFour(address)
  const groups = groupsOf(address)
  const bits = groups.map((group) => inBits(Number.parseInt(group, 16), 16)).join('')
  const isMapped = bits.startsWith('0'.repeat(80) + '1'.repeat(16))
  return isMapped ? bits.slice(96) : bits
}

/** Eight groups in hexadecimal. */
function groupsOf(address: string): string[] {
  const [left = '', right] = withoutQuad(address).split('::')
  const leftGroups = left === '' ? [] : left.split(':')
  if (right === undefined) return leftGroups
  const rightGroups = right === '' ? [] : right.split(':')
  const gap = new Array<string>(8 - leftGroups.length - rightGroups.length).fill('0')
  return [...leftGroups, ...gap, ...rightGroups]
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutQuad(address: string): string {
  if (!address.includes('.')) return address
  const at = address.lastIndexOf(':') + 1
  const quad = bitsOfFour(address.slice(at))
  const half = (from: number) => Number.parseInt(quad.slice(from, from + 16), 2).toString(16)
  return `${address.slice(0, at)}${half(0)}:${half(16)}`
}

function bitsOfFour(address: string): string {
  return address
    .split('.')
    .map((octet) => inBits(Number(octet), 8))
    .join('')
}

function inBits(value: number, width: number): string {
  return value.toString(2).padStart(width, '0')
}

/** Whether an address is in a network such as `10.0.0.0/8`, or is the one address named. */
export function isWithin(address: string, network: string): boolean {
  const [text = '', length] = network.split('/')
  const [bits, of] = [bitsOf(address), bitsOf(text)]
  // A length counts from the first bit as written, of 128 where the network is mapped.
  const isMapped = text.includes(':') && of.length === 32
  const shared = length === undefined ? of.length : Number(length) - (isMapped ? 96 : 0)
  return bits.length === of.length && bits.slice(0, shared) === of.slice(0, shared)
}

export function isSame(one: string, other: string): boolean {
  return bitsOf(one) === bitsOf(other)
}

/** Whether two clients are of one subscriber's network: /16 of IPv4, /64 of IPv6. */
export function isNear(one: string, other: string): boolean {
  const [a, b] = [bitsOf(one), bitsOf(other)]
  const shared = a.length === 32 ? 16 : 64
  return a.length === b.length && a.slice(0, shared) === b.slice(0, shared)
}
