import { type Address, isSameAddress, parseAddress } from './address.ts'

/**
 * Networks as a binary tree over the bits of an address: node `n` has its children at `2n` and
 * `2n + 1`. Node 0 is the root of IPv4, node 1 that of IPv6. At most 8 bytes a bit and network.
 */
export interface NetworkSet {
  readonly nodes: Int32Array
}

/** All of the list, or every entry of it that is not a network. Never a part of it. */
export type CompiledNetworks =
  | { readonly kind: 'compiled'; readonly networks: NetworkSet }
  | { readonly kind: 'refused'; readonly bad: readonly string[] }

/** Nothing below: the address is in no network. Roots are nobody's children, so 0 is free. */
const NOWHERE = 0
/** Everything below is in a network. */
const COVERED = -1

/** More entries than this are not believed to be a chain of proxies. */
export const HOPS_MAX = 32

/**
 * Compiles `10.0.0.0/8`, `2001:db8::/32` and single addresses. Bits behind the prefix are
 * ignored. An IPv4-mapped network of /96 or longer is the IPv4 network that it maps.
 */
export function compileNetworks(cidrs: readonly string[]): CompiledNetworks {
  const nodes = [NOWHERE, NOWHERE, NOWHERE, NOWHERE]
  const bad: string[] = []
  for (const cidr of cidrs) {
    const network = parseNetwork(cidr)
    if (network === undefined) bad.push(cidr)
    else insert(nodes, network.address, network.bits)
  }
  if (bad.length > 0) return { kind: 'refused', bad }
  return { kind: 'compiled', networks: { nodes: Int32Array.from(nodes) } }
}

/** Whether the address is in one of the networks. A step a bit; allocates nothing. */
export function matchNetwork(set: NetworkSet, address: Address): boolean {
  const { nodes } = set
  const width = address.family === 4 ? 32 : 128
  let node = address.family === 4 ? 0 : 1
  for (let bit = 0; bit < width; bit++) {
    const child = nodes[2 * node + bitAt(address, bit)] as number
    if (child <= 0) return child === COVERED
    node = child
  }
  return false
}

/**
 * The rightmost address of a chain that no trusted proxy and not the peer itself wrote of
 * itself: entries to its left are whatever the client claimed. Where all are trusted, the
 * farthest. An unreadable entry on the way, an empty chain, or more than `HOPS_MAX` proxies give
 * the peer. Recognised by address and never by count: a gateway that stops adding its own entry
 * would otherwise move the choice one to the left, to what the client wrote.
 */
export function clientAddress(from: {
  forwardedFor: string
  peer: Address
  trusted: NetworkSet
}): Address {
  const { forwardedFor, peer, trusted } = from
  let end = forwardedFor.length
  for (let hop = 0; hop < HOPS_MAX; hop++) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1)
    const address = parseAddress(sliceTrimmed(forwardedFor, comma + 1, end))
    if (address === undefined) return peer
    if (comma === -1) return address
    if (!matchNetwork(trusted, address) && !isSameAddress(address, peer)) return address
    end = comma
  }
  return peer
}

/** The addresses that begin with the first `bits` bits of `address`. */
export interface Network {
  readonly address: Address
  readonly bits: number
}

/** `10.0.0.0/8`, `2001:db8::/32` or one address; an IPv4-mapped one as the IPv4 that it maps. */
export function parseNetwork(cidr: string): Network | undefined {
  const slash = cidr.indexOf('/')
  const text = slash === -1 ? cidr : cidr.slice(0, slash)
  const address = parseAddress(text)
  if (address === undefined) return undefined
  const width = text.includes(':') ? 128 : 32
  let bits = width
  if (slash !== -1) {
    const length = cidr.slice(slash + 1)
    if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined
    bits = Number(length)
  }
  if (bits > width) return undefined
  if (width === 128 && address.family === 4) bits -= 96
  return bits < 0 ? undefined : { address, bits }
}

function insert(nodes: number[], address: Address, bits: number): void {
  let node = address.family === 4 ? 0 : 1
  if (bits === 0) {
    nodes[2 * node] = COVERED
    nodes[2 * node + 1] = COVERED
    return
  }
  for (let bit = 0; bit < bits; bit++) {
    const at = 2 * node + bitAt(address, bit)
    if (nodes[at] === COVERED) return
    if (bit === bits - 1) {
      nodes[at] = COVERED
      return
    }
    if (nodes[at] === NOWHERE) {
      nodes[at] = nodes.length / 2
      nodes.push(NOWHERE, NOWHERE)
    }
    node = nodes[at] as number
  }
}

/** Bit `bit` of an address, counted from its first. */
export function bitAt(address: Address, bit: number): number {
  if (address.family === 4) return (address.d >>> (31 - bit)) & 1
  const shift = 31 - (bit & 31)
  if (bit < 32) return (address.a >>> shift) & 1
  if (bit < 64) return (address.b >>> shift) & 1
  if (bit < 96) return (address.c >>> shift) & 1
  return (address.d >>> shift) & 1
}

/** Without the spaces and tabs around it (OWS, RFC 9110 §5.6.3). */
function sliceTrimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
