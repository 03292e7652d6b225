import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ancestorsOf, coverOf, lintPolicy, lintPrefix } from '../../src/core/lint.ts'
import { readRouteTable } from '../../src/core/route.ts'
import type { Permission } from '../../src/core/rule.ts'

function lint(fields: Record<string, unknown>, permissions?: readonly Permission[]) {
  const given = { version: 1, default_audience: ['dvara'], ...fields }
  const read = readRouteTable(given)
  const texts = (value: unknown) => (Array.isArray(value) ? (value as string[]) : [])
  const written = {
    public: texts(fields.public),
    blocked: texts(fields.blocked),
    preflight: texts(fields.preflight),
    audiences: [],
  }
  const table = 'table' in read ? read.table : undefined
  return lintPolicy(written, table, permissions).map(
    ({ severity, where, why }) => `${severity} ${where}: ${why}`,
  )
}

const CASES: readonly [string, Record<string, unknown>, RegExp[]][] = [
  ['a plain policy has nothing odd', { public: ['/a'], blocked: ['/b'] }, []],
  ['a prefix twice', { public: ['/a', '/a'] }, [/^warning public\[1\]: .*public\[0\]/]],
  [
    'a prefix that a broader one covers',
    { blocked: ['/a/b', '/a'] },
    [/^warning blocked\[0\]: .*changes nothing.*blocked\[1\]/],
  ],
  ['neighbours do not cover each other', { public: ['/a', '/ab'] }, []],
  [
    'public under blocked',
    { public: ['/a/b'], blocked: ['/a'] },
    [/^warning public\[0\]: .*never reached.*`\/a` is blocked/],
  ],
  [
    'blocked under public',
    { public: ['/a'], blocked: ['/a/b'] },
    [/^note public\[0\]: not all of `\/a` is public: \/a\/b/],
  ],
  ['everything public', { public: ['/'] }, [/^error public\[0\]: .*everything public/]],
  ['everything blocked', { blocked: ['/'] }, [/^error blocked\[0\]: .*blocks everything/]],
  ['capitals', { public: ['/A'] }, [/^error public\[0\]: .*capitals/]],
  ['a pattern', { public: ['/a/.*'] }, [/^error public\[0\]: .*pattern/]],
  ['a star', { public: ['/a/*'] }, [/^error public\[0\]: .*pattern/]],
  [
    'an audience of a public prefix',
    { public: ['/a'], audiences: [{ prefix: '/a/b', audience: ['x'] }] },
    [/^warning audiences\[0\]\.prefix: .*is public by `\/a`/],
  ],
  [
    'a limit on a blocked prefix',
    { blocked: ['/a'], limits: [{ name: 'x', prefixes: ['/a'], rate: '1/s' }] },
    [/^warning limits\[0\]\.prefixes\[0\]: .*never reached/],
  ],
]
for (const [name, fields, expected] of CASES) {
  test(`${name}: ${expected.length} findings`, () => {
    const found = lint(fields)
    assert.equal(found.length, expected.length, found.join('\n'))
    expected.forEach((pattern, at) => {
      assert.match(found[at] ?? '', pattern)
    })
  })
}

test('what looks like a pattern is found, with the plain prefix to write', () => {
  for (const [text, plain] of [
    ['/a/.*', '/a'],
    ['^/a', '/a'],
    ['/a$', '/a'],
    ['/a/(b|c)', '/a'],
    ['/a/[0-9]+', '/a'],
    ['/a*', '/a'],
    ['/a/**', '/a'],
    ['/\\d+', '/'],
  ] as const) {
    const [finding, ...others] = lintPrefix(text, 'x', true)
    assert.equal(finding?.severity, 'error', text)
    assert.match(finding?.remedy ?? '', new RegExp(`such as ${plain};`), text)
    assert.equal(others.length, 0)
  }
})

test('what no path can be is found; a segment of its own may be wild where that is known', () => {
  for (const text of ['/a%2fb', '/a?b', '/a/../b', '/a//b']) {
    assert.equal(lintPrefix(text, 'x', true)[0]?.severity, 'error', text)
  }
  assert.deepEqual(lintPrefix('/orders/*/cancel', 'x', true), [])
  assert.equal(lintPrefix('/orders/*', 'x', true)[0]?.severity, 'note')
  assert.deepEqual(lintPrefix('/orders/2.0/a-b_c~d', 'x', false), [])
})

test('what covers a prefix is itself or above it', () => {
  assert.deepEqual(ancestorsOf('/a/b/c'), ['/a/b', '/a', '/'])
  assert.deepEqual(ancestorsOf('/'), [])
  assert.equal(coverOf('/a/b', new Set(['/a'])), '/a')
  assert.equal(coverOf('/ab', new Set(['/a'])), undefined)
  assert.equal(coverOf('/ab', new Set(['/'])), '/')
})
