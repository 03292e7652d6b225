/**
 * Path prefixes compiled into a radix tree: the cost of a match grows with the path, not with
 * the number of prefixes. Prefixes end on segment boundaries. Matching allocates nothing.
 *
 * A segment `*` stands for exactly one segment that is not empty. Where a prefix goes on with `*`
 * and another with the very segment that was asked, both are followed: only prefixes that agree
 * with the path so far are ever looked at.
 */
export interface PrefixTree {
  readonly root: Node
}

const SLASH = 0x2f

interface Node {
  /** The characters on the edge that leads here. */
  text: string
  /** OR of the flags of the prefix that ends here; 0 if none does. */
  flags: number
  /** The values of the prefixes that end here, in the order in which they were given. */
  values: number[]
  /** First character code → child. */
  children: Map<number, Node>
  /** What follows any one segment that begins here; only behind a slash. */
  star: Node | undefined
}

export interface PrefixEntry {
  /** As `parsePrefix` or `parsePattern` gives it: leading slash, no trailing one. */
  readonly prefix: string
  /** Bits to collect from every prefix that covers a path. */
  readonly flags: number
  /** What `matchLongest` and `listValues` give for this prefix; any integer ≥ 0. */
  readonly value?: number
}

/** Entries with the same prefix are joined: flags by OR, values one after the other. */
export function compilePrefixes(entries: Iterable<PrefixEntry>): PrefixTree {
  const root = createNode('')
  for (const entry of entries) {
    const node = insertPattern(root, entry.prefix === '/' ? '' : entry.prefix)
    node.flags |= entry.flags
    if (entry.value === undefined) continue
    if (node.values === NO_VALUES) node.values = [entry.value]
    else node.values.push(entry.value)
  }
  return { root }
}

/** OR of the flags of every prefix that covers `path`. */
export function matchFlags(tree: PrefixTree, path: string): number {
  return collectFlags(tree.root, path, 0)
}

/** From `from` on, whose text ends at `start`. Recurs once for each `*` on the way. */
function collectFlags(from: Node, path: string, start: number): number {
  let flags = 0
  let node = from
  let at = start
  for (;;) {
    if (at === path.length) return flags | node.flags
    const next = path.charCodeAt(at)
    if (next === SLASH) flags |= node.flags
    else if (node.star !== undefined) {
      flags |= collectFlags(node.star, path, segmentEnd(path, at))
    }
    const child = node.children.get(next)
    if (child === undefined || !path.startsWith(child.text, at)) return flags
    at += child.text.length
    node = child
  }
}

/** The values of every prefix that covers `path`, in ascending order. For explaining: allocates. */
export function listValues(tree: PrefixTree, path: string): readonly number[] {
  const found: number[] = []
  collectValues(tree.root, path, 0, found)
  return found.sort((one, other) => one - other)
}

function collectValues(from: Node, path: string, start: number, found: number[]): void {
  let node = from
  let at = start
  for (;;) {
    const next = path.charCodeAt(at)
    if (at === path.length || next === SLASH) found.push(...node.values)
    if (at === path.length) return
    if (next !== SLASH && node.star !== undefined) {
      collectValues(node.star, path, segmentEnd(path, at), found)
    }
    const child = node.children.get(next)
    if (child === undefined || !path.startsWith(child.text, at)) return
    at += child.text.length
    node = child
  }
}

/** The first value of the longest prefix that covers `path`, or -1; of prefixes without `*`. */
export function matchLongest(tree: PrefixTree, path: string): number {
  let value = tree.root.values[0] ?? -1
  let at = 0
  let node = tree.root.children.get(path.charCodeAt(0))
  while (node !== undefined) {
    if (!path.startsWith(node.text, at)) return value
    at += node.text.length
    const isBoundary = at === path.length || path.charCodeAt(at) === SLASH
    if (isBoundary) value = node.values[0] ?? value
    if (at === path.length) return value
    node = node.children.get(path.charCodeAt(at))
  }
  return value
}

/** Where the segment that begins at `at` ends. */
function segmentEnd(path: string, at: number): number {
  const slash = path.indexOf('/', at)
  return slash === -1 ? path.length : slash
}

/** Nobody adds to these. Most nodes have no children: maps of their own were half of a compile. */
const NO_VALUES: number[] = []
const NO_CHILDREN = new Map<number, Node>()

function createNode(text: string): Node {
  return { text, flags: 0, values: NO_VALUES, children: NO_CHILDREN, star: undefined }
}

function adopt(parent: Node, child: Node): void {
  if (parent.children === NO_CHILDREN) parent.children = new Map()
  parent.children.set(child.text.charCodeAt(0), child)
}

/** The node at which `pattern` ends; a `*` leads from one run of characters to the next. */
function insertPattern(root: Node, pattern: string): Node {
  let node = root
  let at = 0
  for (;;) {
    const slash = nextStar(pattern, at)
    if (slash === -1) return insert(node, pattern.slice(at))
    const behind = insert(node, pattern.slice(at, slash + 1))
    behind.star ??= createNode('')
    node = behind.star
    at = slash + 2
  }
}

/** Where the slash before the next `*` segment stands, or -1. */
function nextStar(pattern: string, from: number): number {
  for (let at = pattern.indexOf('/*', from); at !== -1; at = pattern.indexOf('/*', at + 1)) {
    const end = at + 2
    if (end === pattern.length || pattern.charCodeAt(end) === SLASH) return at
  }
  return -1
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
      adopt(node, leaf)
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
  adopt(parent, cut)
  child.text = child.text.slice(shared)
  adopt(cut, child)
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
