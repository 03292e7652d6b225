import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IDENTITY_HEADERS, readIdentity, wordIdentity } from '../../src/core/identity-lines.ts'

const FIELDS = ['a', 'b', 'c'] as const

test('each identity header stands there once, with its value', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aZ0-_.:~! '), maxLength: 9 })
  const value = text.map((one) => one.trim())
  fc.assert(
    fc.property(value, value, value, (authorization, user, role) => {
      const lines = wordIdentity(authorization, user, role) ?? assert.fail()
      const [first, second, third] = IDENTITY_HEADERS
      const expected = [first, authorization, second, user, third, role]
      assert.deepEqual(readIdentity(lines), expected)
    }),
  )
})

test('what no header may hold is not written, in any place', () => {
  for (const [at] of FIELDS.entries()) {
    const word = (value: string) => {
      const [one, two, three] = FIELDS.map((field, place) => (place === at ? value : field))
      return wordIdentity(one as string, two as string, three as string)
    }
    for (const code of [0x00, 0x09, 0x0a, 0x0d, 0x1f, 0x7f, 0x80, 0xff, 0x100, 0xd800]) {
      assert.equal(word(`a${String.fromCharCode(code)}b`), undefined)
    }
    for (const value of [' a', 'a ', ' ']) assert.equal(word(value), undefined)
    for (const value of ['a b~!', '']) assert.notEqual(word(value), undefined)
  }
})

test('a token that is bytes is the text that it spells', () => {
  const bytes = new TextEncoder().encode('xBearer a.b.cx').subarray(1, 13)
  assert.equal(wordIdentity(bytes, 'u', 'r'), wordIdentity('Bearer a.b.c', 'u', 'r'))
})
