import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isUnder } from '../../src/core/path.ts'
import { compilePrefixes, matchFlags, matchLongest } from '../../src/core/prefix-tree.ts'

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
