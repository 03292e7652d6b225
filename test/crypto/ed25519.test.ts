import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import test from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { BATCH_MAX, createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createDice, fromHex, privateKeyOf, publicBytesOf, readLayout } from './wasm-fixture.ts'

const CASES_COUNT = 10_000
const CASES_PER_KEY = 2_000

/** Equal to no signature. */
const NONE = new Uint8Array()

const instance = createWasmInstance()
const signers = createEd25519Signers(instance)

// RFC 8032 §7.1.
const VECTORS = [
  {
    name: 'RFC 8032 test 1: nothing',
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature: `e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
                5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b`,
  },
  {
    name: 'RFC 8032 test 2: one byte',
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature: `92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00`,
  },
  {
    name: 'RFC 8032 test SHA(abc): 64 bytes',
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message: `ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
              2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f`,
    signature: `dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
                09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704`,
  },
]

for (const { name, seed, publicKey, message, signature } of VECTORS) {
  test(name, () => {
    const signer = signers.prepare(fromHex(seed))
    assert.deepEqual(Buffer.from(signer.publicKey), fromHex(publicKey))
    assert.deepEqual(Buffer.from(signer.sign(fromHex(message))), fromHex(signature))
    const batch = signer.signMany(Array.from({ length: 5 }, () => fromHex(message)))
    for (const each of batch) assert.deepEqual(Buffer.from(each ?? []), fromHex(signature))
    signer.forget()
  })
}

// A hundred thousand more are compared where tokens are: node:crypto signs each of them for both.
test('ten thousand signatures, alone and in batches, are those of node:crypto', () => {
  const dice = createDice(0x8032)
  for (let done = 0; done < CASES_COUNT; done += CASES_PER_KEY) {
    const seed = dice.bytes(32)
    const privateKey = privateKeyOf(seed)
    const signer = signers.prepare(seed)
    assert.deepEqual(Buffer.from(signer.publicKey), publicBytesOf(privateKey))
    for (let left = CASES_PER_KEY; left > 0; ) {
      const count = Math.min(left, 1 + dice.below(BATCH_MAX))
      const messages = Array.from({ length: count }, () => dice.bytes(dice.below(420)))
      const batch = signer.signMany(messages)
      messages.forEach((message, index) => {
        const expected = sign(null, message, privateKey)
        const of = () => `${message.toString('hex')} by ${seed.toString('hex')}`
        if (!expected.equals(signer.sign(message))) assert.fail(`alone: ${of()}`)
        if (!expected.equals(batch[index] ?? NONE)) assert.fail(`${index} of ${count}: ${of()}`)
      })
      left -= count
    }
    signer.forget()
  }
})

test('two hundred signatures are those of a third implementation', () => {
  const dice = createDice(0x25519)
  for (let at = 0; at < 200; at++) {
    const seed = dice.bytes(32)
    const signer = signers.prepare(seed)
    const message = dice.bytes(at)
    assert.deepEqual(signer.sign(message), ed25519.sign(message, seed))
    signer.forget()
  }
})

test('seeds at the edges of their bytes give the keys and signatures of node:crypto', () => {
  const seeds = [0x00, 0x01, 0x7f, 0x80, 0xff].map((byte) => Buffer.alloc(32, byte))
  for (const seed of seeds) {
    const signer = signers.prepare(seed)
    const privateKey = privateKeyOf(seed)
    assert.deepEqual(Buffer.from(signer.publicKey), publicBytesOf(privateKey))
    const message = Buffer.from('message')
    assert.deepEqual(Buffer.from(signer.sign(message)), sign(null, message, privateKey))
    signer.forget()
  }
})

test('every length of message up to three blocks of SHA-512 is padded rightly', () => {
  const seed = Buffer.alloc(32, 5)
  const signer = signers.prepare(seed)
  const privateKey = privateKeyOf(seed)
  for (let length = 0; length <= 384; length++) {
    const message = Buffer.alloc(length, length)
    assert.deepEqual(Buffer.from(signer.sign(message)), sign(null, message, privateKey))
  }
})

test('the longest message is signed, and one byte more is a RangeError', () => {
  const seed = Buffer.alloc(32, 6)
  const signer = signers.prepare(seed)
  const longest = Buffer.alloc(instance.messageBytesMax, 1)
  const expected = sign(null, longest, privateKeyOf(seed))
  assert.deepEqual(Buffer.from(signer.sign(longest)), expected)
  for (const each of signer.signMany(Array.from({ length: 16 }, () => longest))) {
    assert.deepEqual(Buffer.from(each ?? []), expected)
  }
  const longer = Buffer.alloc(longest.length + 1)
  assert.throws(() => signer.sign(longer), RangeError)
  assert.throws(() => signer.signMany([longest, longest, longest, longer]), RangeError)
})

test('a seed of another length and a batch of seventeen are RangeErrors', () => {
  assert.throws(() => signers.prepare(Buffer.alloc(31)), RangeError)
  assert.throws(() => signers.prepare(Buffer.alloc(64)), RangeError)
  const signer = signers.prepare(Buffer.alloc(32, 7))
  const seventeen = Array.from({ length: 17 }, () => Buffer.alloc(1))
  assert.throws(() => signer.signMany(seventeen), RangeError)
  assert.deepEqual(signer.signMany([]), [])
})

test('two keys in turn do not mix', () => {
  const seeds = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const two = seeds.map((seed) => ({ signer: signers.prepare(seed), key: privateKeyOf(seed) }))
  const message = Buffer.from('message')
  for (let round = 0; round < 4; round++) {
    for (const { signer, key } of two) {
      assert.deepEqual(Buffer.from(signer.sign(message)), sign(null, message, key))
    }
  }
})

test('nothing of a key or a nonce stays in memory after a signature and a forgotten key', () => {
  const own = createWasmInstance()
  const ownSigners = createEd25519Signers(own)
  const signAndForget = (byte: number) => {
    const signer = ownSigners.prepare(Buffer.alloc(32, byte))
    signer.sign(Buffer.alloc(40, 1))
    signer.signMany(Array.from({ length: 16 }, () => Buffer.alloc(40, 2)))
    signer.forget()
  }
  signAndForget(1)
  const after1 = Buffer.from(own.bytes)
  signAndForget(2)
  // Whatever differs between two keys is public: messages with R and A before them, and signatures.
  const publicFrom = own.messagesAt - 64
  const publicTo = own.parametersAt
  for (let at = 0; at < after1.length; at++) {
    if (at >= publicFrom && at < publicTo) continue
    if (after1[at] !== own.bytes[at]) assert.fail(`byte ${at} depends on the key`)
  }
})

test('before a signed message lie R and the public key, not the prefix of the nonce', () => {
  const own = createWasmInstance()
  const signer = createEd25519Signers(own).prepare(Buffer.alloc(32, 3))
  for (const count of [1, 16]) {
    const message = Buffer.from('message')
    const made = signer.signMany(Array.from({ length: count }, () => message))
    for (let index = 0; index < count; index++) {
      const at = own.messagesAt + index * own.messageStride
      const head = own.bytes.subarray(at - 64, at)
      assert.deepEqual(head.subarray(0, 32), Buffer.from(made[index] ?? []).subarray(0, 32))
      assert.deepEqual(head.subarray(32), Buffer.from(signer.publicKey))
    }
  }
})

test('memory does not grow', () => {
  const before = instance.bytes.buffer.byteLength
  const signer = signers.prepare(Buffer.alloc(32, 8))
  for (let at = 0; at < 500; at++) signer.sign(Buffer.alloc(at))
  assert.equal(instance.bytes.buffer.byteLength, before)
  assert.ok(before > 0, 'a memory that grew would have left this view empty')
})

/** A signer of its own instance, whose tables a test may damage as a fault in memory would. */
function createDamaged(table: string, damage: (bytes: Buffer) => void) {
  const own = createWasmInstance()
  const signer = createEd25519Signers(own).prepare(Buffer.alloc(32, 9))
  const at = readLayout()
  damage(own.bytes.subarray(at[table], (at[table] as number) + (at[`${table}_BYTES`] as number)))
  return signer
}

const DAMAGED = privateKeyOf(Buffer.alloc(32, 9))
const MESSAGES = Array.from({ length: 16 }, (_, index) => Buffer.from(`message ${index}`))

test('a fault in the tables of a batch is caught, and every member is signed rightly alone', () => {
  // The lowest byte of y + x, of one entry or of all in a window: some members are poisoned, or
  // all.
  for (const entries of [1, 20, 128]) {
    const signer = createDamaged('ED_SLICED', (bytes) => {
      for (let entry = 0; entry < entries; entry++) bytes[entry] = (bytes[entry] as number) ^ 1
    })
    const signatures = signer.signMany(MESSAGES)
    MESSAGES.forEach((message, index) => {
      assert.deepEqual(Buffer.from(signatures[index] ?? ''), sign(null, message, DAMAGED))
    })
  }
})

test('a fault in the tables of a single signature is an Error, and nothing leaves', () => {
  const signer = createDamaged('ED_COMB', (bytes) => {
    for (let at = 0; at < bytes.length; at += 128) bytes[at] = (bytes[at] as number) ^ 1
  })
  assert.throws(() => signer.sign(Buffer.from('message')), /withheld/)
  assert.deepEqual(signer.signMany(MESSAGES.slice(0, 3)), [undefined, undefined, undefined])
})

test('a fault in both tables withholds the whole batch', () => {
  const own = createWasmInstance()
  const signer = createEd25519Signers(own).prepare(Buffer.alloc(32, 9))
  const at = readLayout()
  own.bytes.fill(0x11, at.ED_COMB, (at.ED_SLICED as number) + 4096)
  assert.deepEqual(
    signer.signMany(MESSAGES),
    MESSAGES.map(() => undefined),
  )
  const { outputAt } = own
  assert.deepEqual(own.bytes.subarray(outputAt, outputAt + 1024), Buffer.alloc(1024))
})

test('a key whose arithmetic fails is an Error, and its slot is given back', () => {
  const own = createWasmInstance()
  const ownSigners = createEd25519Signers(own)
  const at = readLayout()
  own.bytes.fill(0x11, at.ED_COMB, at.ED_SLICED)
  for (let times = 0; times < 100; times++) {
    assert.throws(() => ownSigners.prepare(Buffer.alloc(32, 1)), /withheld/)
  }
})
