/**
 * Patterns of paths held against each other: which of them speaks of all that another one speaks
 * of, and whether two speak of anything together. A segment `*` is any one segment. Since paths
 * may hold any segment, a pattern is covered by several together only if one of them covers it.
 */
export interface PatternSet<Value> {
  add(pattern: string, value: Value): void
  /** The first value that `isMeant` of a pattern that covers this one; shorter patterns first. */
  cover(pattern: string, isMeant: (value: Value) => boolean): Value | undefined
  /** Whether some path is matched by this pattern and by one of the set. */
  meets(pattern: string): boolean
}

interface Node<Value> {
  readonly values: Value[]
  /** By segment; `*` among them. */
  readonly children: Map<string, Node<Value>>
}

const WILD = '*'

/** Patterns as `parsePattern` gives them. For lists that are linted: a match allocates. */
export function createPatternSet<Value>(): PatternSet<Value> {
  const root = createNode<Value>()

  return {
    add(pattern, value) {
      let node = root
      for (const segment of segmentsOf(pattern)) {
        const child = node.children.get(segment) ?? createNode()
        node.children.set(segment, child)
        node = child
      }
      node.values.push(value)
    },
    cover(pattern, isMeant) {
      let level: readonly Node<Value>[] = [root]
      for (const segment of [...segmentsOf(pattern), undefined]) {
        for (const { values } of level) {
          const found = values.find(isMeant)
          if (found !== undefined) return found
        }
        // What is wild in the pattern must be wild in what covers it.
        level = segment === undefined ? [] : next(level, new Set([segment, WILD]))
      }
      return undefined
    },
    meets(pattern) {
      let level: readonly Node<Value>[] = [root]
      for (const segment of segmentsOf(pattern)) {
        if (level.some(({ values }) => values.length > 0)) return true
        const isWild = segment === WILD
        level = isWild
          ? level.flatMap(({ children }) => [...children.values()])
          : next(level, new Set([segment, WILD]))
      }
      // Whatever goes on from here is below the pattern.
      return level.some(({ values, children }) => values.length > 0 || children.size > 0)
    },
  }
}

function next<Value>(
  level: readonly Node<Value>[],
  segments: ReadonlySet<string>,
): readonly Node<Value>[] {
  return level.flatMap(({ children }) =>
    [...segments].flatMap((segment) => children.get(segment) ?? []),
  )
}

function createNode<Value>(): Node<Value> {
  return { values: [], children: new Map() }
}

function segmentsOf(pattern: string): readonly string[] {
  return pattern === '/' ? [] : pattern.slice(1).split('/')
}
