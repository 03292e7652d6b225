import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { createBase64url, parseBase64url } from '../../src/crypto/base64url.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice } from './wasm-fixture.ts'

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

const base64url = createBase64url(createWasmInstance())

test('bytes and text of WebAssembly are those of node, a hundred thousand times', () => {
  const dice = createDice(0x4648)
  for (let at = 0; at < 100_000; at++) {
    const bytes = dice.bytes(dice.below(120))
    const text = bytes.toString('base64url')
    if (base64url.encode(bytes) !== text) assert.fail(text)
    const parsed = base64url.parse(text)
    if (parsed === undefined || !bytes.equals(parsed)) assert.fail(text)
  }
})

test('text with one character altered is parsed by WebAssembly exactly as by node', () => {
  const dice = createDice(0x4649)
  for (let at = 0; at < 50_000; at++) {
    const letters = [...dice.bytes(1 + dice.below(60)).toString('base64url')]
    letters[dice.below(letters.length)] = String.fromCharCode(dice.below(0x180))
    const text = letters.join('')
    const expected = parseBase64url(text)
    const parsed = base64url.parse(text)
    if (expected === undefined) assert.equal(parsed, undefined, text)
    else if (parsed === undefined || !expected.equals(parsed)) assert.fail(text)
  }
})

test('text of every length and each impossible one', () => {
  for (let length = 0; length < 70; length++) {
    const text = 'A'.repeat(length)
    assert.deepEqual(base64url.parse(text)?.length, parseBase64url(text)?.length, `${length}`)
  }
  assert.equal(base64url.parse('A'.repeat(100_000)), undefined)
  assert.throws(() => base64url.encode(Buffer.alloc(100_000)), RangeError)
})
