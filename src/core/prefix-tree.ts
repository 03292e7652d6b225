/**
 * Path prefixes compiled into a radix tree: the cost of a match grows with the path, not with
 * the number of prefixes. Prefixes end on segment boundaries. Matching allocates nothing.
 */
export interface PrefixTree {
  readonly root: Node
}

interface Node {
  /** The characters on the edge that leads here. */
  text: string
  /** OR of the flags of the prefix that ends here; 0 if none does. */
  flags: number
  /** The value of the prefix that ends here, or -1. */
  value: number
  /** First character code → child. */
  readonly children: Map<number, Node>
}

export interface PrefixEntry {
  /** As `parsePrefix` gives it: leading slash, no trailing one. */
  readonly prefix: string
  /** Bits to collect from every prefix that covers a path. */
  readonly flags: number
  /** What `matchLongest` returns for this prefix; any integer ≥ 0. */
  readonly value?: number
}

/** Entries with the same prefix are joined: flags by OR, the first value stays. */
export function compilePrefixes(entries: Iterable<PrefixEntry>): PrefixTree {
  const root = createNode('')
  for (const entry of entries) {
    const node = insert(root, entry.prefix === '/' ? '' : entry.prefix)
    node.flags |= entry.flags
    if (node.value === -1 && entry.value !== undefined) node.value = entry.value
  }
  return { root }
}

/** OR of the flags of every prefix that covers `path`. */
export function matchFlags(tree: PrefixTree, path: string): number {
  let flags = tree.root.flags
  let at = 0
  let node = tree.root.children.get(path.charCodeAt(0))
  while (node !== undefined) {
    if (!path.startsWith(node.text, at)) return flags
    at += node.text.length
    if (at === path.length) return flags | node.flags
    const next = path.charCodeAt(at)
    if (next === 0x2f) flags |= node.flags
    node = node.children.get(next)
  }
  return flags
}

/** The value of the longest prefix that covers `path`, or -1. */
export function matchLongest(tree: PrefixTree, path: string): number {
  let value = tree.root.value
  let at = 0
  let node = tree.root.children.get(path.charCodeAt(0))
  while (node !== undefined) {
    if (!path.startsWith(node.text, at)) return value
    at += node.text.length
    const isBoundary = at === path.length || path.charCodeAt(at) === 0x2f
    if (isBoundary && node.value !== -1) value = node.value
    if (at === path.length) return value
    node = node.children.get(path.charCodeAt(at))
  }
  return value
}

function createNode(text: string): Node {
  return { text, flags: 0, value: -1, children: new Map() }
}

/** The node at which `prefix` ends, made by splitting edges where needed. */
function insert(root: Node, prefix: string): Node {
  let node = root
  let at = 0
  while (at < prefix.length) {
    const code = prefix.charCodeAt(at)
    const child = node.children.get(code)
    if (child === undefined) {
      const leaf = createNode(prefix.slice(at))
      node.children.set(code, leaf)
      return leaf
    }
    const shared = sharedLength(child.text, prefix, at)
    at += shared
    node = shared === child.text.length ? child : split(node, child, shared)
  }
  return node
}

/** Cuts the edge to `child` after `shared` characters; the node at the cut. */
function split(parent: Node, child: Node, shared: number): Node {
  const cut = createNode(child.text.slice(0, shared))
  parent.children.set(cut.text.charCodeAt(0), cut)
  child.text = child.text.slice(shared)
  cut.children.set(child.text.charCodeAt(0), child)
  return cut
}

function sharedLength(edge: string, prefix: string, at: number): number {
  let shared = 0
  while (
    shared < edge.length &&
    at + shared < prefix.length &&
    edge.charCodeAt(shared) === prefix.charCodeAt(at + shared)
  ) {
    shared++
  }
  return shared
}
