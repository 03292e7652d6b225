import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice, fromHex } from './wasm-fixture.ts'

const CASES_COUNT = 100_000

const instance = createWasmInstance()
const keys = createHmacKeys(instance)

// RFC 4231 §4; the truncated fifth case is compared as far as it goes.
const VECTORS = [
  {
    name: 'RFC 4231 case 1: a key of 20 bytes',
    key: fromHex('0b'.repeat(20)),
    data: Buffer.from('Hi There'),
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    name: 'RFC 4231 case 2: a key shorter than the digest',
    key: Buffer.from('Jefe'),
    data: Buffer.from('what do ya want for nothing?'),
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'RFC 4231 case 3: key and data together longer than a block',
    key: fromHex('aa'.repeat(20)),
    data: fromHex('dd'.repeat(50)),
    mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  {
    name: 'RFC 4231 case 4: the same with another key',
    key: fromHex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    data: fromHex('cd'.repeat(50)),
    mac: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  },
  {
    name: 'RFC 4231 case 5: the first 128 bits',
    key: fromHex('0c'.repeat(20)),
    data: Buffer.from('Test With Truncation'),
    mac: 'a3b6167473100ee06e0c796c2955552b',
  },
  {
    name: 'RFC 4231 case 6: a key longer than a block',
    key: fromHex('aa'.repeat(131)),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    name: 'RFC 4231 case 7: key and data both longer than a block',
    key: fromHex('aa'.repeat(131)),
    data: Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    mac: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  },
]

for (const { name, key, data, mac } of VECTORS) {
  test(name, () => {
    const prepared = keys.prepare(key)
    const made = Buffer.from(prepared.sign(data))
    assert.equal(made.toString('hex').slice(0, mac.length), mac)
    assert.equal(prepared.verify(data, made), true)
    assert.equal(prepared.verifyHex(data, made.toString('hex')), true)
    prepared.forget()
  })
}

test('a hundred thousand MACs are those of node:crypto, and one flipped bit refuses each', () => {
  const dice = createDice(0x4231)
  let secret = dice.bytes(32)
  let key = keys.prepare(secret)
  for (let at = 0; at < CASES_COUNT; at++) {
    if (at % 50 === 0) {
      key.forget()
      secret = dice.bytes(dice.below(140))
      key = keys.prepare(secret)
    }
    const message = dice.bytes(dice.below(260))
    const mac = createHmac('sha256', secret).update(message).digest()
    if (!mac.equals(key.sign(message))) assert.fail(`case ${at} has another MAC`)
    if (!key.verifyHex(message, mac.toString('hex'))) assert.fail(`case ${at} is refused`)
    const bit = dice.below(256)
    mac[bit >> 3] = (mac[bit >> 3] as number) ^ (1 << (bit & 7))
    if (key.verifyHex(message, mac.toString('hex'))) assert.fail(`case ${at} passes altered`)
    if (key.verify(message, mac)) assert.fail(`case ${at} passes altered, as bytes`)
  }
  key.forget()
})

test('text is hashed as UTF-8', () => {
  const key = keys.prepare(Buffer.from('key'))
  for (const text of ['', 'plain', 'naïve', 'Ω'.repeat(70), '🔑 and more', '\0\u00ff']) {
    const mac = createHmac('sha256', 'key').update(text, 'utf8').digest('hex')
    assert.equal(key.verifyHex(text, mac), true, text)
  }
})

const MAC = createHmac('sha256', 'key').update('message').digest('hex')
const MALFORMED = [
  { name: 'no MAC at all', mac: '' },
  { name: 'a MAC one digit short', mac: MAC.slice(1) },
  { name: 'a MAC one digit long', mac: `${MAC}0` },
  { name: 'a MAC in capitals, which would be a second spelling', mac: MAC.toUpperCase() },
  { name: 'a MAC whose last digit is beyond ASCII', mac: `${MAC.slice(0, 63)}é` },
  { name: 'a MAC whose digits are full-width', mac: MAC.replaceAll(/\d/g, '１') },
  { name: 'a digit that is the right one plus 256', mac: shifted(MAC) },
  { name: 'a lone surrogate at the end', mac: `${MAC.slice(0, 63)}\ud800` },
]

function shifted(text: string): string {
  return String.fromCharCode(text.charCodeAt(0) + 256) + text.slice(1)
}

for (const { name, mac } of MALFORMED) {
  test(`${name} is refused, right after the right one passed`, () => {
    const key = keys.prepare(Buffer.from('key'))
    assert.equal(key.verifyHex('message', MAC), true)
    assert.equal(key.verifyHex('message', mac), false)
    key.forget()
  })
}

test('a MAC as bytes that is short, long or empty is refused', () => {
  const key = keys.prepare(Buffer.from('key'))
  for (const length of [0, 1, 31, 33]) {
    const mac = Buffer.alloc(length)
    Buffer.from(MAC, 'hex').copy(mac)
    assert.equal(key.verify('message', mac), false, `${length} bytes`)
  }
})

test('the longest message passes, and one byte more is a RangeError', () => {
  const key = keys.prepare(Buffer.from('key'))
  const longest = Buffer.alloc(instance.hashBytesMax, 7)
  const mac = createHmac('sha256', 'key').update(longest).digest()
  assert.equal(key.verify(longest, mac), true)
  assert.throws(() => key.sign(Buffer.alloc(longest.length + 1)), RangeError)
  assert.throws(() => key.sign('é'.repeat(longest.length / 2 + 1)), RangeError)
})

test('neither the key nor the MAC that was expected stays where the host writes and reads', () => {
  const own = createWasmInstance()
  const key = createHmacKeys(own).prepare(Buffer.from('a key that must not be found again'))
  const mac = createHmac('sha256', 'a key that must not be found again').update('m').digest()
  assert.equal(key.verifyHex('m', '0'.repeat(64)), false)
  assert.equal(own.bytes.includes('a key that must'), false)
  assert.equal(own.bytes.includes(mac), false)
  assert.equal(own.bytes.includes(mac.toString('hex')), false)
})

test('a forgotten key leaves its slot empty for the next', () => {
  const own = createWasmInstance()
  const before = Buffer.from(own.bytes)
  const ownKeys = createHmacKeys(own)
  ownKeys.prepare(Buffer.from('key')).forget()
  assert.equal(own.bytes.equals(before), true)
})

test('there are as many keys as slots, and no more', () => {
  const own = createWasmInstance()
  const ownKeys = createHmacKeys(own)
  const slotsMax = own.entry('macSlotsMax')()
  const first = ownKeys.prepare(Buffer.from('first'))
  for (let slot = 1; slot < slotsMax; slot++) ownKeys.prepare(Buffer.from([slot]))
  assert.throws(() => ownKeys.prepare(Buffer.from('one more')), RangeError)
  first.forget()
  const last = ownKeys.prepare(Buffer.from('key'))
  assert.equal(last.verifyHex('message', MAC), true)
})
