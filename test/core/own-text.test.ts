import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ownText } from '../../src/core/own-text.ts'

test('it is the same text, whatever it holds', () => {
  const any = fc.string({ unit: 'binary' })
  fc.assert(fc.property(any, (text) => assert.equal(ownText(text), text)))
  for (const text of ['', '\ud800', 'a\udfff', 'ä', '名', '\0']) assert.equal(ownText(text), text)
})
