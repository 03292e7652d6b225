import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { PresentedApiKey } from '../../src/core/check.ts'
import {
  formOf,
  isKid,
  readNonceMs,
  readSignedRequest,
  type SignedFields,
} from '../../src/core/signed-request.ts'
import { checkOf } from './facts.ts'

function presentedOf(fields: Partial<PresentedApiKey>): PresentedApiKey {
  const none = { version: undefined, contentDigest: undefined }
  return { kid: 'k', nonce: '1700000000000', signature: 's', ...none, ...fields }
}

const WHOLE: [string, Partial<PresentedApiKey>, string | number][] = [
  ['no version is version 1', {}, 1],
  ['version 1 by name', { version: '1' }, 1],
  ['version 2', { version: '2' }, 2],
  ['a digest with version 2', { version: '2', contentDigest: 'sha-256=:abc=:' }, 2],
  ['a digest that version 1 does not read', { contentDigest: null }, 1],
  ['no key id', { kid: undefined }, 'incomplete'],
  ['a blank key id', { kid: ' ' }, 'incomplete'],
  ['no nonce', { nonce: undefined }, 'incomplete'],
  ['a blank nonce', { nonce: '' }, 'incomplete'],
  ['no signature', { signature: undefined }, 'incomplete'],
  ['a blank signature', { signature: '\t ' }, 'incomplete'],
  ['a version sent twice', { version: null }, 'incomplete'],
  ['a digest sent twice', { version: '2', contentDigest: null }, 'incomplete'],
  ['an empty digest', { version: '2', contentDigest: '' }, 'incomplete'],
  ['a digest beyond ASCII', { version: '2', contentDigest: 'sha-256=:é:' }, 'incomplete'],
  ['a digest of 1025 characters', { version: '2', contentDigest: 'x'.repeat(1025) }, 'incomplete'],
  ['version 3', { version: '3' }, 'unknown version'],
  ['version 2 spelled otherwise', { version: '02' }, 'unknown version'],
  ['an empty version', { version: '' }, 'unknown version'],
]
for (const [name, fields, expected] of WHOLE) {
  test(`headers: ${name}`, () => {
    const read = readSignedRequest(checkOf(), presentedOf(fields))
    assert.equal(typeof read === 'string' ? read : read.version, expected)
  })
}

test('version 1 signs nonce and key id, and nothing of the request', () => {
  const presented = presentedOf({ nonce: ' 17_0x', kid: 'KID' })
  const read = readSignedRequest(checkOf({ method: 'POST' }), presented)
  assert.ok(typeof read !== 'string')
  assert.equal(read.form, ' 17_0xKID')
})

test('version 2 signs every field behind its length', () => {
  const check = checkOf({ method: 'POST', path: '/orders', query: 'a=1' })
  const fields = { kid: '0123456789abcdef', version: '2', contentDigest: 'sha-256=:x:' }
  const read = readSignedRequest(check, presentedOf(fields))
  assert.ok(typeof read !== 'string')
  const head = '14:dvara-apikey-2,16:0123456789abcdef,13:1700000000000,'
  assert.equal(read.form, `${head}4:POST,11:app.example,11:/orders?a=1,11:sha-256=:x:,`)
})

/** Ruby's String#to_i, which is what Barong's nonces are read with. */
const NONCES_V1: [string, number | undefined][] = [
  ['1700000000000', 1_700_000_000_000],
  ['1700000000000abc', 1_700_000_000_000],
  ['  1700', 1700],
  ['\t\r\n1700 5', 1700],
  ['+17', 17],
  ['1_7', 17],
  ['1__7', 1],
  ['17_', 17],
  ['0017', 17],
  ['1.9', 1],
  ['1e12', 1],
  ['0x1F', undefined],
  ['_17', undefined],
  ['- 17', undefined],
  ['-17', undefined],
  ['0', undefined],
  ['nonce', undefined],
  ['١٧', undefined],
  ['\u00a017', undefined],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
]
for (const [nonce, expected] of NONCES_V1) {
  test(`a nonce of version 1: ${JSON.stringify(nonce.slice(0, 20))}`, () => {
    const request = { version: 1, kid: 'k', nonce, signature: 's', form: '' } as const
    assert.equal(readNonceMs(request), expected)
  })
}

const NONCES_V2_REFUSED = [
  ...[
    '',
    '0',
    '170000000000',
    '17000000000000',
    '0170000000000',
    ' 1700000000000',
    '-170000000000',
  ],
  ...['1700000000000 ', '1700000000000a', '1.70000000000', '0x17000000000', '17_0000000000'],
  ...['١700000000000', '1e120000000000', '1700000000000\n'],
]
test('a nonce of version 2 has exactly thirteen digits', () => {
  const read = (nonce: string) =>
    readNonceMs({ version: 2, kid: 'k', nonce, signature: 's', form: '' })
  assert.equal(read('1700000000000'), 1_700_000_000_000)
  assert.equal(read('9999999999999'), 9_999_999_999_999)
  for (const nonce of NONCES_V2_REFUSED) assert.equal(read(nonce), undefined, nonce)
})

test('a key id is short and plain, or is asked of no store', () => {
  for (const kid of ['0123456789abcdef', 'a', '-_Z9', 'x'.repeat(64)]) assert.ok(isKid(kid), kid)
  const bad = ['', 'x'.repeat(65), 'a b', 'a\0', '../a', 'a*', 'a\n', 'é', 'a:b', '{dv}', 'a\r\nb']
  for (const kid of bad) assert.ok(!isKid(kid), kid)
})

/** Text that looks like what stands around it in a form. */
const crafty = fc.oneof(
  fc.string({ unit: fc.constantFrom('1', '2', ':', ',', '-', 'a', '/', '?'), maxLength: 12 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
)
const fieldsArbitrary: fc.Arbitrary<SignedFields> = fc.record({
  kid: crafty,
  nonce: crafty,
  method: crafty,
  host: crafty,
  target: crafty,
  contentDigest: fc.option(crafty, { nil: undefined }),
})

test('two different requests never have the same form', () => {
  fc.assert(
    fc.property(fieldsArbitrary, fieldsArbitrary, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other)
      assert.equal(formOf(one) === formOf(other), isSame)
    }),
    { numRuns: 20_000 },
  )
})

test('a text of any length has its length before it', () => {
  const netstring = (text: string) => `${text.length}:${text},`
  for (const length of [0, 1, 9, 10, 2_047, 2_048, 2_049, 8_192]) {
    const target = '/'.repeat(length)
    const fields = { kid: 'k', nonce: '1', method: 'GET', host: 'h', target }
    const head = ['dvara-apikey-2', 'k', '1', 'GET', 'h', target].map(netstring).join('')
    assert.equal(formOf({ ...fields, contentDigest: undefined }), `${head}-`)
    assert.equal(formOf({ ...fields, contentDigest: target }), head + netstring(target))
  }
})

test('a character moved from one field to the next changes the form', () => {
  const names = ['kid', 'nonce', 'method', 'host', 'target'] as const
  fc.assert(
    fc.property(fieldsArbitrary, fc.nat(3), fc.nat(12), (fields, at, count) => {
      const [from, to] = [names[at], names[at + 1]] as ['kid', 'nonce']
      const moved = fields[from].slice(fields[from].length - count)
      if (moved === '') return
      const kept = fields[from].slice(0, fields[from].length - moved.length)
      const other = { ...fields, [from]: kept, [to]: moved + fields[to] }
      assert.notEqual(formOf(other), formOf(fields))
    }),
    { numRuns: 5_000 },
  )
})

test('a form is no prefix of another, and can be read back', () => {
  fc.assert(
    fc.property(fieldsArbitrary, (fields) => {
      let rest = formOf(fields)
      const read: string[] = []
      while (rest !== '' && rest !== '-') {
        const colon = rest.indexOf(':')
        const end = colon + 1 + Number(rest.slice(0, colon))
        read.push(rest.slice(colon + 1, end))
        assert.equal(rest[end], ',')
        rest = rest.slice(end + 1)
      }
      const { kid, nonce, method, host, target, contentDigest } = fields
      const digest = contentDigest === undefined ? [] : [contentDigest]
      assert.deepEqual(read, ['dvara-apikey-2', kid, nonce, method, host, target, ...digest])
      assert.equal(rest, contentDigest === undefined ? '-' : '')
    }),
  )
})
