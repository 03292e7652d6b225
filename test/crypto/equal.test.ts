import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { equalBytes, equalText } from '../../src/crypto/equal.ts'

const CASES = [
  { name: 'the same text is equal', a: 'secret', b: 'secret', expect: true },
  { name: 'two empty texts are equal', a: '', b: '', expect: true },
  { name: 'a difference in the first character is seen', a: 'Xecret', b: 'secret', expect: false },
  { name: 'a difference in the last character is seen', a: 'secreX', b: 'secret', expect: false },
  { name: 'a prefix is not equal', a: 'secre', b: 'secret', expect: false },
  { name: 'a longer text is not equal', a: 'secret ', b: 'secret', expect: false },
  { name: 'nothing is not equal to something', a: '', b: 'secret', expect: false },
  { name: 'something is not equal to nothing', a: 'secret', b: '', expect: false },
  {
    name: 'a character that differs above its low byte is seen',
    a: '\u0161',
    b: 'a',
    expect: false,
  },
]
for (const { name, a, b, expect } of CASES) {
  test(name, () => {
    assert.equal(equalText(a, b), expect)
    assert.equal(equalBytes(Buffer.from(a, 'utf16le'), Buffer.from(b, 'utf16le')), expect)
  })
}

test('equality is that of the language', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 })
  fc.assert(fc.property(text, text, (a, b) => assert.equal(equalText(a, b), a === b)))
})
