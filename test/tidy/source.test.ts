import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { blank, functionsOf, importsOf } from './source.ts'

const BLANKED = [
  { name: 'a line comment', text: 'a // b\nc', code: 'a     \nc' },
  { name: 'a comment that never ends', text: 'a /* b', code: 'a     ' },
  { name: 'an empty comment', text: 'a/**/b', code: 'a    b' },
  { name: 'a quoted comment', text: "f('// x', y)", code: "f('    ', y)" },
  { name: 'an escaped quote', text: "'a\\'b' c", code: "'    ' c" },
  { name: 'a template with code inside', text: '`a${b}c` d', code: '` ${b} ` d' },
  { name: 'a template in a template', text: '`a${`x${y}`}b`', code: '` ${` ${y}`} `' },
  { name: 'a brace inside a template’s code', text: '`${{ a: 1 }.a}z`', code: '`${{ a: 1 }.a} `' },
  { name: 'a regular expression', text: "x = /['{/]/g", code: 'x =        g' },
  { name: 'a regular expression after return', text: 'return /"/', code: 'return    ' },
  { name: 'a division', text: 'a / b / c', code: 'a / b / c' },
  { name: 'a division after a bracket', text: '(a) / b["/"]', code: '(a) / b[" "]' },
]

describe('blank', () => {
  for (const { name, text, code } of BLANKED) {
    test(name, () => assert.equal(blank(text), code))
  }

  test('keeps length and lines of any text at all', () => {
    const piece = fc.constantFrom(
      '`',
      '${',
      '}',
      '{',
      "'",
      '"',
      '/',
      '*',
      '\\',
      '\n',
      'a',
      '[',
      ']',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        const code = blank(text)
        assert.equal(code.length, text.length)
        assert.equal(code.split('\n').length, text.split('\n').length)
      }),
    )
  })
})

const FUNCTIONS = [
  { name: 'a declaration', code: 'function a() {\n}', spans: [['a', 2]] },
  { name: 'a return type of an object', code: 'function a(): { b: 1 } {\n\n}', spans: [['a', 3]] },
  {
    name: 'a generic return type',
    code: 'function a<T>(x: T): Map<string, { y: T }> {\n}',
    spans: [['a', 2]],
  },
  { name: 'a type guard', code: 'function a(x: unknown): x is { y: 1 } {\n}', spans: [['a', 2]] },
  { name: 'an arrow', code: 'const a = (b) => {\n}', spans: [['(arrow)', 2]] },
  { name: 'an arrow that returns an expression', code: 'const a = (b) => b', spans: [] },
  { name: 'a method', code: 'return { a(b) {\n} }', spans: [['a', 2]] },
  { name: 'no function: a condition', code: 'if (a) {\n}', spans: [] },
]

describe('functionsOf', () => {
  for (const { name, code, spans } of FUNCTIONS) {
    test(name, () => {
      const found = functionsOf(code).map((span) => [span.name, span.linesCount])
      assert.deepEqual(found, spans)
    })
  }

  test('lines of inner functions are not the outer one’s own', () => {
    const code = 'function outer() {\n  function inner() {\n\n  }\n}'
    const [outer, inner] = functionsOf(code)
    assert.deepEqual([outer?.linesCount, outer?.ownLinesCount], [5, 2])
    assert.deepEqual([inner?.linesCount, inner?.ownLinesCount], [3, 3])
  })
})

test('importsOf sees every way to import, and none that is only spoken of', () => {
  const text = [
    "import a from 'one'",
    "import type { b } from './two.ts'",
    "export { c } from './three.ts'",
    "const d = await import('four')",
    "import 'five'",
    "// import e from 'six'",
    'const said = "import f from \'seven\'"',
  ].join('\n')
  const found = importsOf({ path: '', text, code: blank(text) })
  assert.deepEqual(found, ['one', './two.ts', './three.ts', 'four', 'five'])
})
