import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isUnder } from '../../src/core/path.ts'
import {
  compilePrefixes,
  listValues,
  matchFlags,
  matchLongest,
} from '../../src/core/prefix-tree.ts'

const segment = fc.constantFrom('a', 'b', 'ab', 'abc', 'a.b')
const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
const entry = fc.record({ prefix: path, flags: fc.constantFrom(0, 1, 2, 4), value: fc.nat(50) })

test('flags are those of every prefix that covers the path, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), path, (entries, asked) => {
      const expected = entries
        .filter(({ prefix }) => isUnder(prefix, asked))
        .reduce((flags, one) => flags | one.flags, 0)
      assert.equal(matchFlags(compilePrefixes(entries), asked), expected)
      assert.equal(matchFlags(compilePrefixes([...entries].reverse()), asked), expected)
    }),
    { numRuns: 5000 },
  )
})

test('the longest covering prefix gives its value, the first of equals', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), path, (entries, asked) => {
      let expected: { prefix: string; value: number } | undefined
      for (const one of entries) {
        if (!isUnder(one.prefix, asked)) continue
        if (expected === undefined || one.prefix.length > expected.prefix.length) expected = one
      }
      assert.equal(matchLongest(compilePrefixes(entries), asked), expected?.value ?? -1)
    }),
    { numRuns: 5000 },
  )
})

test('an empty tree covers nothing', () => {
  const tree = compilePrefixes([])
  assert.equal(matchFlags(tree, '/a'), 0)
  assert.equal(matchLongest(tree, '/a'), -1)
})

test('the root prefix covers every path', () => {
  const tree = compilePrefixes([{ prefix: '/', flags: 2, value: 7 }])
  assert.equal(matchFlags(tree, '/any/thing'), 2)
  assert.equal(matchLongest(tree, '/'), 7)
})

/** Segment by segment, as the words of the contract say. */
function covers(pattern: string, asked: string): boolean {
  if (pattern === '/') return true
  const wanted = pattern.split('/').slice(1)
  const given = asked.split('/').slice(1)
  return wanted.every((one, at) => (one === '*' ? (given[at] ?? '') !== '' : one === given[at]))
}

const pattern = fc
  .array(fc.oneof(segment, fc.constant('*')), { maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`)
const asked = fc.tuple(path, fc.constantFrom('', '/')).map(([text, end]) => text + end)

test('a star stands for exactly one segment, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ prefix: pattern, flags: fc.constantFrom(1, 2, 4) }), { maxLength: 30 }),
      asked,
      (entries, at) => {
        const tree = compilePrefixes(entries.map((one, value) => ({ ...one, value })))
        const found = entries.flatMap(({ prefix }, value) => (covers(prefix, at) ? [value] : []))
        const flags = found.reduce((sum, value) => sum | (entries[value]?.flags ?? 0), 0)
        assert.equal(matchFlags(tree, at), flags)
        assert.deepEqual(listValues(tree, at), found)
      },
    ),
    { numRuns: 10_000 },
  )
})

test('a star is no star beside other characters', () => {
  const tree = compilePrefixes([
    { prefix: '/a*', flags: 1 },
    { prefix: '/*b/c', flags: 2 },
  ])
  assert.equal(matchFlags(tree, '/ab'), 0)
  assert.equal(matchFlags(tree, '/a*'), 1)
  assert.equal(matchFlags(tree, '/xb/c'), 0)
})

/** How often a match asks a node for its children: once for each node that it visits. */
function visitsOf(rowsCount: number, at: string): number {
  const entries = Array.from({ length: rowsCount }, (_, row) => ({
    prefix: row % 2 === 0 ? `/api/v2/shop${row}/orders` : `/api/v2/shop${row}/*/cancel`,
    flags: 1,
  }))
  const tree = compilePrefixes([...entries, { prefix: '/api/*/shop7/*/cancel', flags: 2 }])
  let visits = 0
  const watch = (node: typeof tree.root): void => {
    // Those without children share one empty map.
    const children = new Map(node.children)
    node.children = children
    for (const child of children.values()) watch(child)
    if (node.star !== undefined) watch(node.star)
    const get = children.get.bind(children)
    children.get = (code) => {
      visits++
      return get(code)
    }
  }
  watch(tree.root)
  assert.equal(matchFlags(tree, at), 3)
  return visits
}

test('10,000 patterns cost the same handful of nodes as ten', () => {
  const few = visitsOf(10, '/api/v2/shop7/4711/cancel')
  const many = visitsOf(10_000, '/api/v2/shop7/4711/cancel')
  assert.ok(many <= few + 4, `${few} nodes of 10 patterns, ${many} of 10,000`)
  assert.ok(many <= 16, `${many} nodes`)
})
