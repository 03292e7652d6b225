import assert from 'node:assert/strict'
import test from 'node:test'
import { blake3 } from '@noble/hashes/blake3.js'
import { BLAKE_MESSAGE_BYTES_MAX, createBlakeKeys } from '../../src/crypto/blake.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice } from './wasm-fixture.ts'

const CASES_COUNT = 100_000

const keys = createBlakeKeys(createWasmInstance())

test('the keyed hash of nothing and of one byte are those of the official vectors', () => {
  const key = keys.prepare(Buffer.from('whats the Elvish word for friend'))
  const hex = (message: Uint8Array) => Buffer.from(key.sign(message)).toString('hex')
  assert.equal(
    hex(new Uint8Array()),
    '92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26',
  )
  assert.equal(
    hex(Uint8Array.of(0)),
    '6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b',
  )
})

test('a hundred thousand MACs are those of another implementation', () => {
  const dice = createDice(0xb1a3e3)
  let secret = dice.bytes(32)
  let key = keys.prepare(secret)
  for (let at = 0; at < CASES_COUNT; at++) {
    if (at % 50 === 0) {
      key.forget()
      secret = dice.bytes(32)
      key = keys.prepare(secret)
    }
    const message = dice.bytes(dice.below(BLAKE_MESSAGE_BYTES_MAX + 1))
    const mac = Buffer.from(blake3(message, { key: secret }))
    if (!mac.equals(key.sign(message))) assert.fail(`case ${at} has another MAC`)
    if (key.signText(message) !== mac.toString('base64url')) assert.fail(`case ${at} as text`)
    if (!key.verifyText(message, mac.toString('base64url'))) assert.fail(`case ${at} is refused`)
    const bit = dice.below(256)
    mac[bit >> 3] = (mac[bit >> 3] as number) ^ (1 << (bit & 7))
    if (key.verify(message, mac)) assert.fail(`case ${at} passes altered`)
    if (key.verifyText(message, mac.toString('base64url'))) assert.fail(`case ${at} as text`)
  }
})

const key = keys.prepare(Buffer.alloc(32, 9))
const ID = 'a'.repeat(43)
const MAC = key.signText(ID)

/** The last of 43 characters carries two bits that no byte has. */
function respelled(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) ^ 1)
}

const REFUSED = [
  { name: 'no MAC', id: ID, mac: '' },
  { name: 'a MAC one character short', id: ID, mac: MAC.slice(1) },
  { name: 'a MAC one character long', id: ID, mac: `${MAC}A` },
  { name: 'a MAC with padding', id: ID, mac: `${MAC}=` },
  { name: 'a second spelling of the last character', id: ID, mac: respelled(MAC) },
  { name: 'a last character beyond ASCII', id: ID, mac: `${MAC.slice(0, 42)}é` },
  { name: 'another identifier', id: `b${ID.slice(1)}`, mac: MAC },
  { name: 'an identifier with a zero byte behind it', id: `${ID}\0`, mac: MAC },
  { name: 'an identifier too long for one block', id: 'a'.repeat(65), mac: MAC },
  { name: 'an identifier of few characters and too many bytes', id: '🔑'.repeat(17), mac: MAC },
]

for (const { name, id, mac } of REFUSED) {
  test(`${name} is refused, right after the right one passed`, () => {
    assert.equal(key.verifyText(ID, MAC), true)
    assert.equal(key.verifyText(id, mac), false)
  })
}

test('a key of another length is a RangeError', () => {
  assert.throws(() => keys.prepare(Buffer.alloc(31)), RangeError)
  assert.throws(() => keys.prepare(Buffer.alloc(33)), RangeError)
})

test('signing what is too long is a RangeError', () => {
  assert.throws(() => key.sign(Buffer.alloc(65)), RangeError)
})

test('neither key nor MAC stays where the host writes and reads', () => {
  const own = createWasmInstance()
  const secret = Buffer.from('thirty-two bytes no one may find')
  const ownKey = createBlakeKeys(own).prepare(secret)
  assert.equal(ownKey.verifyText('id', 'A'.repeat(43)), false)
  const mac = Buffer.from(blake3(Buffer.from('id'), { key: secret }))
  assert.equal(own.bytes.includes(mac), false)
  ownKey.forget()
  assert.equal(own.bytes.includes(secret), false)
})
