import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPatternSet } from '../../src/core/pattern-set.ts'
import { compilePrefixes, matchFlags } from '../../src/core/prefix-tree.ts'

const CASES: readonly [of: string, pattern: string, covers: boolean, meets: boolean][] = [
  ['/', '/a', true, true],
  ['/a', '/', false, true],
  ['/a', '/a', true, true],
  ['/a', '/ab', false, false],
  ['/a/*', '/a', false, true],
  ['/a/*', '/a/b', true, true],
  ['/a/*', '/a/b/c', true, true],
  ['/a/b', '/a/*', false, true],
  ['/*/b', '/a/b/c', true, true],
  ['/*/b', '/a/*', false, true],
  ['/*/b', '/a/c', false, false],
  ['/*/*', '/a/*', true, true],
]
for (const [of, pattern, covers, meets] of CASES) {
  test(`${of} ${covers ? 'covers' : 'does not cover'} ${pattern}`, () => {
    const set = createPatternSet<string>()
    set.add(of, of)
    assert.equal(set.cover(pattern, () => true) !== undefined, covers)
    assert.equal(set.meets(pattern), meets)
  })
}

test('only what is meant covers, and the shortest first', () => {
  const set = createPatternSet<number>()
  set.add('/a/*', 2)
  set.add('/a', 1)
  assert.equal(
    set.cover('/a/b', () => true),
    1,
  )
  assert.equal(
    set.cover('/a/b', (value) => value !== 1),
    2,
  )
  assert.equal(
    set.cover('/a/b', () => false),
    undefined,
  )
})

/** Every path of up to four segments; `z` stands in no pattern, as most segments do not. */
const PATHS = (() => {
  let level = ['']
  const all = ['/']
  for (let count = 0; count < 4; count++) {
    level = level.flatMap((path) => ['a', 'b', 'z'].map((segment) => `${path}/${segment}`))
    all.push(...level, ...level.map((path) => `${path}/`))
  }
  return all
})()

test('what covers and what meets is what every path says', () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 })
    .map((segments) => `/${segments.join('/')}`)
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), pattern, (patterns, one) => {
      const set = createPatternSet<string>()
      for (const each of patterns) set.add(each, each)
      const all = compilePrefixes(patterns.map((prefix) => ({ prefix, flags: 1 })))
      const own = compilePrefixes([{ prefix: one, flags: 1 }])
      const its = PATHS.filter((path) => matchFlags(own, path) === 1)
      const covered = its.filter((path) => matchFlags(all, path) === 1)
      const isCovered = set.cover(one, () => true) !== undefined
      assert.equal(isCovered, covered.length === its.length)
      assert.equal(set.meets(one), covered.length > 0)
    }),
    { numRuns: 2000 },
  )
})
