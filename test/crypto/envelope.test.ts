import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  apiKeyRow,
  openSecret,
  parseSecretsKey,
  sealedUnder,
  sealSecret,
} from '../../src/crypto/envelope.ts'

const OLD = randomBytes(32).toString('hex')
const NEW = randomBytes(32).toString('base64')
const keys = parseSecretsKey(OLD)
const ROW = apiKeyRow({ kid: '0123456789abcdef', uid: 'ID1', algorithm: 'HS256' })
const PLAIN = Buffer.from('0123456789abcdef0123456789abcdef')

test('what is sealed for a row is opened for that row', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.string()), (plain, row) => {
      const sealed = sealSecret(keys, plain, row)
      assert.deepEqual(Buffer.from(openSecret(keys, sealed, row)), Buffer.from(plain))
    }),
  )
})

test('the same secret is sealed to other bytes each time, none of them its own', () => {
  const one = Buffer.from(sealSecret(keys, PLAIN, ROW))
  const two = Buffer.from(sealSecret(keys, PLAIN, ROW))
  assert.notDeepEqual(one, two)
  assert.equal(one.length, 1 + 8 + 12 + PLAIN.length + 16)
  assert.equal(one.indexOf(PLAIN.subarray(0, 8)), -1)
})

const OTHERS: [string, readonly string[]][] = [
  ['another key id', apiKeyRow({ kid: '0123456789abcdee', uid: 'ID1', algorithm: 'HS256' })],
  ['another holder', apiKeyRow({ kid: '0123456789abcdef', uid: 'ID2', algorithm: 'HS256' })],
  ['another algorithm', apiKeyRow({ kid: '0123456789abcdef', uid: 'ID1', algorithm: 'HS512' })],
  ['another purpose', ['totp', ...ROW.slice(1)]],
  ['words cut elsewhere', ['api key', '0123456789abcdefI', 'D1', 'HS256']],
  ['a word less', ROW.slice(0, 3)],
  ['an empty word more', [...ROW, '']],
]
for (const [about, row] of OTHERS) {
  test(`a secret does not open for ${about}`, () => {
    const sealed = sealSecret(keys, PLAIN, ROW)
    assert.throws(() => openSecret(keys, sealed, row), { name: 'EnvelopeError' })
  })
}

test('no bit of what was sealed can change, and no byte be missing or added', () => {
  const sealed = sealSecret(keys, PLAIN, ROW)
  for (let at = 0; at < sealed.length * 8; at++) {
    const changed = Uint8Array.from(sealed)
    changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7))
    assert.throws(() => openSecret(keys, changed, ROW), { name: 'EnvelopeError' })
  }
  for (let bytes = 0; bytes < sealed.length; bytes++) {
    assert.throws(() => openSecret(keys, sealed.subarray(0, bytes), ROW), { name: 'EnvelopeError' })
  }
  const longer = Buffer.concat([sealed, Buffer.of(0)])
  assert.throws(() => openSecret(keys, longer, ROW), { name: 'EnvelopeError' })
})

test('a new key in front seals, and the old one behind it still opens', () => {
  const old = sealSecret(keys, PLAIN, ROW)
  const both = parseSecretsKey(`# since May\n${NEW}\n${OLD}\n`)
  assert.deepEqual(Buffer.from(openSecret(both, old, ROW)), PLAIN)
  const anew = sealSecret(both, PLAIN, ROW)
  assert.equal(sealedUnder(anew), both.sealing.id)
  assert.equal(sealedUnder(old), keys.sealing.id)
  assert.throws(() => openSecret(keys, anew, ROW), {
    message: `key ${both.sealing.id} is not among the keys of DVARA_SECRETS_KEY`,
  })
})

const REFUSED: [string, string, RegExp][] = [
  ['no key', '# nothing\n', /found 0/],
  ['31 bytes', OLD.slice(2), /key 1 is not 32 bytes/],
  ['33 bytes', `${OLD}00`, /key 1 is not 32 bytes/],
  ['a second key that is none', `${OLD} canary`, /key 2 is not/],
  ['one key in two spellings', `${OLD} ${Buffer.from(OLD, 'hex').toString('base64')}`, /twice/],
  ['nine keys', Array.from({ length: 9 }, () => randomBytes(32).toString('hex')).join(), /found 9/],
]
for (const [about, text, expected] of REFUSED) {
  test(`${about} is refused without a word of it`, () => {
    assert.throws(
      () => parseSecretsKey(text),
      (error: Error) => {
        assert.match(error.message, expected)
        return !error.message.includes('canary') && !error.message.includes(OLD)
      },
    )
  })
}

test('a secret of a document’s length is not sealed', () => {
  assert.throws(() => sealSecret(keys, new Uint8Array(4097), ROW), { name: 'EnvelopeError' })
  assert.equal(sealedUnder(new Uint8Array(40)), undefined)
})
