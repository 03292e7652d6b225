import type { Address } from './address.ts'
import { bitAt, type Network } from './network.ts'

/**
 * Networks with a value each, in a tree over the bits of an address that keeps only the bits at
 * which networks part (Morrison, "PATRICIA", 1968). At most two nodes a network; a match takes at
 * most one step for each length of prefix on its way, however many networks there are.
 */
export interface NetworkTree {
  readonly four: Node | undefined
  readonly six: Node | undefined
}

export interface NetworkEntry extends Network {
  /** Of the networks that hold an address, the one with the least value wins; any integer ≥ 0. */
  readonly value: number
}

interface Node extends Network {
  /** The least value of the networks that are exactly this one, or NONE. */
  value: number
  /** Where the bit behind this prefix is 0, and where it is 1. */
  zero: Node | undefined
  one: Node | undefined
}

const NONE = -1

export function compileNetworkTree(entries: Iterable<NetworkEntry>): NetworkTree {
  let four: Node | undefined
  let six: Node | undefined
  for (const entry of entries) {
    if (entry.address.family === 4) four = insert(four, entry)
    else six = insert(six, entry)
  }
  return { four, six }
}

/** The least value of the networks that hold `address`, or -1. Allocates nothing. */
export function matchNetworkTree(tree: NetworkTree, address: Address): number {
  let node = address.family === 4 ? tree.four : tree.six
  let least = NONE
  while (node !== undefined) {
    if (sharedBits(node.address, address, node.bits) < node.bits) return least
    if (node.value !== NONE && (least === NONE || node.value < least)) least = node.value
    if (node.bits === widthOf(address)) return least
    node = bitAt(address, node.bits) === 0 ? node.zero : node.one
  }
  return least
}

/** The subtree with `entry` in it; `node` itself, or what stands in its place now. */
function insert(root: Node | undefined, entry: NetworkEntry): Node {
  let top = root
  let parent: Node | undefined
  let node = root
  const put = (fresh: Node): void => {
    if (parent === undefined) top = fresh
    else if (bitAt(entry.address, parent.bits) === 0) parent.zero = fresh
    else parent.one = fresh
  }
  while (node !== undefined) {
    const shared = sharedBits(node.address, entry.address, Math.min(node.bits, entry.bits))
    if (shared < node.bits) {
      put(fork(node, entry, shared))
      return top as Node
    }
    if (node.bits === entry.bits) {
      node.value = node.value === NONE ? entry.value : Math.min(node.value, entry.value)
      return top as Node
    }
    parent = node
    node = bitAt(entry.address, node.bits) === 0 ? node.zero : node.one
  }
  put(createNode(entry.address, entry.bits, entry.value))
  return top as Node
}

/** A node at `shared` bits, above `node` and, unless it is the entry's own, above the entry. */
function fork(node: Node, entry: NetworkEntry, shared: number): Node {
  const isOwn = shared === entry.bits
  const above = createNode(entry.address, shared, isOwn ? entry.value : NONE)
  const leaf = isOwn ? undefined : createNode(entry.address, entry.bits, entry.value)
  const isNodeZero = bitAt(node.address, shared) === 0
  above.zero = isNodeZero ? node : leaf
  above.one = isNodeZero ? leaf : node
  return above
}

function createNode(address: Address, bits: number, value: number): Node {
  return { address, bits, value, zero: undefined, one: undefined }
}

/** How many of the first `bitsMax` bits are alike. */
function sharedBits(one: Address, other: Address, bitsMax: number): number {
  if (one.family === 4) return Math.min(bitsMax, Math.clz32(one.d ^ other.d))
  let shared = Math.clz32(one.a ^ other.a)
  if (shared === 32) shared += Math.clz32(one.b ^ other.b)
  if (shared === 64) shared += Math.clz32(one.c ^ other.c)
  if (shared === 96) shared += Math.clz32(one.d ^ other.d)
  return Math.min(bitsMax, shared)
}

function widthOf(address: Address): number {
  return address.family === 4 ? 32 : 128
}
