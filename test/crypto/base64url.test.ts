import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseBase64url } from '../../src/crypto/base64url.ts'

const REFUSED = [
  { name: 'padding is refused', text: 'YQ==' },
  { name: 'the plain alphabet is refused', text: '+/8A' },
  { name: 'bits left over are refused', text: 'YR' },
  { name: 'a lone character is refused', text: 'Y' },
  { name: 'a leading space is refused', text: ' YWJj' },
  { name: 'a trailing line feed is refused', text: 'YWJj\n' },
  { name: 'a character beyond Latin-1 is refused', text: 'YWJj\u0159' },
]
for (const { name, text } of REFUSED) {
  test(name, () => assert.equal(parseBase64url(text), undefined))
}

test('the vectors of RFC 4648 §10 are read', () => {
  assert.deepEqual(parseBase64url('Zm9vYmE'), Buffer.from('fooba'))
  assert.deepEqual(parseBase64url(''), Buffer.alloc(0))
})

test('any bytes come back from their one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(parseBase64url(Buffer.from(bytes).toString('base64url')), Buffer.from(bytes))
    }),
  )
})
