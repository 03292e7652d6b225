import assert from 'node:assert/strict'
import { hash, type KeyObject, sign, verify } from 'node:crypto'
import test from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Ed25519Signer } from '../../src/crypto/ed25519.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import type { Ed25519Item, Ed25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import {
  encoded,
  fromLittleEndian,
  littleEndian,
  NO_LENGTH,
  NO_POINT,
  NOT_CANONICAL,
  ORDER,
  SMALL_ORDER,
} from './ed25519-encodings.ts'
import { createDice, privateKeyOf, publicBytesOf, publicKeyOf } from './wasm-fixture.ts'

const CASES_COUNT = 100_000
const CASES_PER_KEY = 2_000
const TABLES_MAX = 4

function createKeys(tablesMax = TABLES_MAX, usesBeforeTable = 1): Ed25519Keys {
  const probe = createWasmInstance()
  const instance = createWasmInstance({ keyTablesBytesMax: tablesMax * probe.keyTableBytes })
  return createEd25519Keys(instance, { usesBeforeTable })
}

const keys = createKeys()
const signers = createEd25519Signers(createWasmInstance())

function prepared(publicKey: Uint8Array, of = keys) {
  const key = of.prepare(publicKey)
  assert.ok(key !== undefined, 'the key is sound')
  return key
}

/** Signed messages of one key, about half of them altered in one bit of message, R or S. */
function createItems(
  dice: ReturnType<typeof createDice>,
  { signer, publicKey }: { readonly signer: Ed25519Signer; readonly publicKey: KeyObject },
  count: number,
) {
  const messages = Array.from({ length: count }, () => dice.bytes(1 + dice.below(400)))
  // Another test holds these to node:crypto's; here they only have to be good.
  return signer.signMany(messages).map((made, index) => {
    const message = messages[index] as Buffer
    const signature = Buffer.from(made ?? '')
    if (dice.below(2) === 0) return { message, signature, isGood: true }
    const altered = dice.below(3) === 0 ? message : signature
    const at = dice.below(altered.length)
    altered[at] = (altered[at] as number) ^ (1 << dice.below(8))
    return { message, signature, isGood: verify(null, message, publicKey, signature) }
  })
}

test('a hundred thousand verdicts, alone and in batches, are those of node:crypto', () => {
  const dice = createDice(0x7e57)
  for (let done = 0; done < CASES_COUNT; done += CASES_PER_KEY) {
    const signer = signers.prepare(dice.bytes(32))
    const key = prepared(signer.publicKey)
    const pair = { signer, publicKey: publicKeyOf(signer.publicKey) }
    for (let left = CASES_PER_KEY; left > 0; ) {
      const items = createItems(dice, pair, Math.min(left, 1 + dice.below(16)))
      const batch = keys.verifyMany(items.map((item) => ({ ...item, key })))
      items.forEach(({ message, signature, isGood }, index) => {
        const of = () => `${signature.toString('hex')} over ${message.toString('hex')}`
        if (key.verify(message, signature) !== isGood) assert.fail(`alone: ${of()}`)
        if (batch[index] !== isGood) assert.fail(`${index} of ${items.length}: ${of()}`)
      })
      left -= items.length
    }
    key.forget()
    signer.forget()
  }
})

test('a hundred verdicts are those of a third implementation', () => {
  const dice = createDice(0x3bd)
  for (let at = 0; at < 25; at++) {
    const signer = signers.prepare(dice.bytes(32))
    const key = prepared(signer.publicKey)
    const pair = { signer, publicKey: publicKeyOf(signer.publicKey) }
    for (const { message, signature } of createItems(dice, pair, 4)) {
      const expected = ed25519.verify(signature, message, signer.publicKey, { zip215: false })
      assert.equal(key.verify(message, signature), expected)
    }
    key.forget()
    signer.forget()
  }
})

for (const { name, bytes } of [...SMALL_ORDER, ...NOT_CANONICAL, ...NO_POINT, ...NO_LENGTH]) {
  test(`no key: ${name}`, () => {
    assert.equal(keys.prepare(bytes), undefined)
  })
}

test('keys of y = 3 and up are keys exactly where another implementation finds a point', () => {
  for (let y = 3n; y < 200n; y++) {
    for (const isOdd of [false, true]) {
      const bytes = encoded(y, isOdd)
      let isPoint = true
      try {
        ed25519.Point.fromBytes(bytes, false)
      } catch {
        isPoint = false
      }
      assert.equal(keys.prepare(bytes) !== undefined, isPoint, `y = ${y}`)
    }
  }
})

const SEED = Buffer.alloc(32, 11)
const SECRET = privateKeyOf(SEED)
const PUBLIC = publicBytesOf(SECRET)
const MESSAGE = Buffer.from('a message')
const SIGNATURE = sign(null, MESSAGE, SECRET)
const R = SIGNATURE.subarray(0, 32)
const S = fromLittleEndian(SIGNATURE.subarray(32))

function withS(s: bigint): Buffer {
  return Buffer.concat([R, littleEndian(s)])
}

const REFUSED = [
  { name: 'S plus the order, a second spelling of S', signature: withS(S + ORDER) },
  { name: 'S equal to the order', signature: withS(ORDER) },
  { name: 'S = 0', signature: withS(0n) },
  { name: 'S negated', signature: withS(ORDER - S) },
  { name: 'S with bit 253', signature: withS(S | (1n << 253n)) },
  { name: 'S with bit 255', signature: withS(S | (1n << 255n)) },
  { name: 'S of all ones', signature: withS(2n ** 256n - 1n) },
  { name: 'a signature of zeros', signature: Buffer.alloc(64) },
  { name: 'a signature of 63 bytes', signature: SIGNATURE.subarray(0, 63) },
  { name: 'a signature of 65 bytes', signature: Buffer.concat([SIGNATURE, Buffer.alloc(1)]) },
  { name: 'no signature', signature: Buffer.alloc(0) },
  { name: 'R with its sign turned', signature: flipped(255) },
  ...SMALL_ORDER.map(({ name, bytes }) => ({
    name: `R is ${name}`,
    signature: Buffer.concat([bytes, SIGNATURE.subarray(32)]),
  })),
]

function flipped(bit: number): Buffer {
  const altered = Buffer.from(SIGNATURE)
  altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7))
  return altered
}

for (const { name, signature } of REFUSED) {
  test(`refused: ${name}`, () => {
    for (const usesBeforeTable of [1, 1_000_000]) {
      const own = usesBeforeTable === 1 ? keys : createKeys(1, usesBeforeTable)
      const key = prepared(PUBLIC, own)
      assert.equal(key.verify(MESSAGE, SIGNATURE), true)
      assert.equal(key.verify(MESSAGE, signature), false)
      key.forget()
    }
  })
}

test('every single flipped bit of a signature refuses it', () => {
  const key = prepared(PUBLIC)
  for (let bit = 0; bit < 512; bit++) {
    assert.equal(key.verify(MESSAGE, flipped(bit)), false, `bit ${bit}`)
  }
  key.forget()
})

test('a small-order R that satisfies the equation is refused all the same', () => {
  // Whoever holds the secret may choose the nonce 0: R is neutral and S = k a.
  const { scalar } = ed25519.utils.getExtendedPublicKey(SEED)
  const neutral = encoded(1n)
  const challenge = hash('sha512', Buffer.concat([neutral, PUBLIC, MESSAGE]), 'buffer')
  const s = (fromLittleEndian(challenge) * scalar) % ORDER
  const signature = Buffer.concat([neutral, littleEndian(s)])
  assert.equal(verify(null, MESSAGE, publicKeyOf(PUBLIC), signature), true, 'it is one for OpenSSL')
  const key = prepared(PUBLIC)
  assert.equal(key.verify(MESSAGE, signature), false)
  assert.equal(prepared(PUBLIC, createKeys(1, 9)).verify(MESSAGE, signature), false)
  key.forget()
})

test('a poisoned member never spoils its neighbours', () => {
  const key = prepared(PUBLIC)
  const dice = createDice(0xbad)
  for (const { name, signature } of REFUSED) {
    for (const place of [0, 1, dice.below(16), 15]) {
      const items: Ed25519Item[] = Array.from({ length: 16 }, (_, index) => ({
        key,
        message: MESSAGE,
        signature: index === place ? signature : SIGNATURE,
      }))
      const verdicts = keys.verifyMany(items)
      assert.deepEqual(
        verdicts,
        items.map((_, index) => index !== place),
        `${name} at ${place}`,
      )
    }
  }
  key.forget()
})

test('a batch may mix keys with and without a table, and long messages', () => {
  const own = createKeys(2, 2)
  const dice = createDice(0x3117)
  const items = Array.from({ length: 16 }, (_, index) => {
    const seed = dice.bytes(32)
    const message = dice.bytes(index === 5 ? 20_000 : 50)
    const key = prepared(publicBytesOf(privateKeyOf(seed)), own)
    return { key, message, signature: sign(null, message, privateKeyOf(seed)) }
  })
  for (let round = 0; round < 20; round++) {
    const wrong = items.map((item, index) =>
      index === round % 16 ? { ...item, message: Buffer.from('other') } : item,
    )
    assert.deepEqual(
      own.verifyMany(wrong),
      items.map((_, index) => index !== round % 16),
    )
    assert.ok(own.tablesCount() <= 2)
  }
  assert.equal(own.tablesCount(), 2)
})

test('a key gets its table at its second use, and never more keys than there is room for', () => {
  const own = createKeys(2, 2)
  const publics = [21, 22, 23].map((byte) => Buffer.alloc(32, byte))
  const all = publics.map((seed) => ({
    seed,
    key: prepared(publicBytesOf(privateKeyOf(seed)), own),
  }))
  const use = (index: number) => {
    const { seed, key } = all[index] as (typeof all)[number]
    assert.equal(key.verify(MESSAGE, sign(null, MESSAGE, privateKeyOf(seed))), true)
  }
  use(0)
  assert.equal(own.tablesCount(), 0)
  use(0)
  assert.equal(own.tablesCount(), 1)
  use(1)
  use(1)
  assert.equal(own.tablesCount(), 2)
  for (let round = 0; round < 40; round++) use(2)
  assert.equal(own.tablesCount(), 2)
  use(0)
  use(1)
  all[2]?.key.forget()
  assert.equal(own.tablesCount(), 1)
})

test('a message beyond the room for one is verified all the same', () => {
  const key = prepared(PUBLIC)
  const message = Buffer.alloc(100_000, 1)
  assert.equal(key.verify(message, sign(null, message, SECRET)), true)
  assert.equal(key.verify(message, SIGNATURE), false)
  key.forget()
})

test('what this project signs, it verifies', () => {
  const signer = signers.prepare(SEED)
  const key = prepared(signer.publicKey)
  assert.equal(key.verify(MESSAGE, signer.sign(MESSAGE)), true)
  assert.equal(key.verify(Buffer.from('another'), signer.sign(MESSAGE)), false)
  key.forget()
})

test('seventeen at once and a key of another instance are told as mistakes', () => {
  const item = { key: prepared(PUBLIC), message: MESSAGE, signature: SIGNATURE }
  assert.throws(() => keys.verifyMany(Array.from({ length: 17 }, () => item)), RangeError)
  assert.throws(() => createKeys(1).verifyMany([item]), TypeError)
})
