import assert from 'node:assert/strict'
import test from 'node:test'
import { p256 } from '@noble/curves/nist.js'
import { createP256Signers, P256_BATCH_MAX } from '../../src/crypto/p256.ts'
import { createP256Keys, type P256Key } from '../../src/crypto/p256-verifier.ts'
import type { WasmInstance } from '../../src/crypto/wasm.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { bytesOf, isValidByNode, keyPairOf, numberOf, ORDER } from './p256-fixture.ts'
import { createDice, fromHex } from './wasm-fixture.ts'

const CASES_COUNT = 100_000
const CASES_PER_KEY = 2_000
const NOBLE_EVERY = 500

const instance = createWasmInstance()
const hedged = createP256Signers(instance)
const deterministic = createP256Signers(instance, { nonce: 'deterministic' })
const keys = createP256Keys(createWasmInstance({ keyTablesBytesMax: 8 << 20 }), {
  usesBeforeTable: 1,
})

// RFC 6979 A.2.5.
const RFC_KEY = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'
const RFC_POINT = `60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
                   7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299`
const RFC_VECTORS = [
  {
    message: 'sample',
    signature: `efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
                f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8`,
  },
  {
    message: 'test',
    signature: `f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367
                019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083`,
  },
]

for (const { message, signature } of RFC_VECTORS) {
  test(`RFC 6979 A.2.5, SHA-256, "${message}", alone and in every size of batch`, () => {
    const signer = deterministic.prepare(fromHex(RFC_KEY))
    const bytes = Buffer.from(message)
    assert.deepEqual(Buffer.from(signer.publicKey), fromHex(RFC_POINT))
    assert.deepEqual(Buffer.from(signer.sign(bytes)), fromHex(signature))
    for (let count = 1; count <= P256_BATCH_MAX; count++) {
      const batch = signer.signMany(new Array<Buffer>(count).fill(bytes))
      for (const each of batch) assert.deepEqual(Buffer.from(each ?? []), fromHex(signature))
    }
    signer.forget()
  })
}

/** Whether it is valid to us, and not any more with one bit flipped. */
function isValidHere(
  dice: ReturnType<typeof createDice>,
  key: P256Key,
  message: Buffer,
  signature: Uint8Array,
): boolean {
  if (!key.verify(message, signature)) return false
  const altered = Buffer.from(signature)
  const at = dice.below(64)
  altered[at] = (altered[at] as number) ^ (1 << dice.below(8))
  return !key.verify(message, altered)
}

// What node:crypto says once of a signature holds for who made it and for who verifies it.
test('a hundred thousand signatures are valid to node:crypto, and to our verifier as well', () => {
  const dice = createDice(0x6979)
  for (let done = 0; done < CASES_COUNT; done += CASES_PER_KEY) {
    const key = keyPairOf(dice.bytes(32))
    const signers = done % (2 * CASES_PER_KEY) === 0 ? hedged : deterministic
    const signer = signers.prepare(key.secret)
    assert.deepEqual(Buffer.from(signer.publicKey), key.point)
    const verifying = keys.prepare(key.point)
    assert.ok(verifying)
    for (let left = CASES_PER_KEY; left > 0; ) {
      const count = Math.min(left, 1 + dice.below(P256_BATCH_MAX))
      const messages = Array.from({ length: count }, () => dice.bytes(dice.below(400)))
      signer.signMany(messages).forEach((signature, index) => {
        const message = messages[index] as Buffer
        const of = () => `message ${index} of ${count} after ${done + CASES_PER_KEY - left}`
        if (signature === undefined || !isValidByNode(key, message, signature)) {
          assert.fail(`not valid: ${of()}`)
        }
        if (!isValidHere(dice, verifying, message, signature)) assert.fail(`ours of ${of()}`)
      })
      left -= count
    }
    signer.forget()
    verifying.forget()
  }
  assert.equal(keys.tablesCount(), 0)
})

test('deterministic signatures are those of noble, hedged ones are valid to it', () => {
  const dice = createDice(0x256)
  for (let done = 0; done < CASES_COUNT / NOBLE_EVERY; done++) {
    const key = keyPairOf(dice.bytes(32))
    const message = dice.bytes(dice.below(300))
    const [first, second] = [deterministic.prepare(key.secret), hedged.prepare(key.secret)]
    const expected = p256.sign(message, key.secret, { lowS: false })
    assert.deepEqual(Buffer.from(first.sign(message)), Buffer.from(expected))
    const full = Buffer.concat([Buffer.of(4), key.point])
    assert.ok(p256.verify(second.sign(message), message, full, { lowS: false }))
    first.forget()
    second.forget()
  }
})

test('a batch is what each of its messages gives alone', () => {
  const dice = createDice(0xba7c)
  const signer = deterministic.prepare(dice.bytes(32))
  for (let round = 0; round < 40; round++) {
    const messages = Array.from({ length: P256_BATCH_MAX }, () => dice.bytes(dice.below(200)))
    assert.deepEqual(
      signer.signMany(messages),
      messages.map((message) => signer.sign(message)),
    )
  }
  signer.forget()
})

test('the keys at both ends of the range sign', () => {
  for (const number of [1n, 2n, 3n, ORDER - 1n, ORDER - 2n, 2n ** 255n, 2n ** 128n]) {
    const key = keyPairOf(bytesOf(number))
    const signer = deterministic.prepare(key.secret)
    assert.deepEqual(Buffer.from(signer.publicKey), key.point)
    const messages = [0, 1, 2, 3].map((byte) => Buffer.of(byte))
    signer.signMany(messages).forEach((signature, index) => {
      assert.ok(isValidByNode(key, Buffer.of(index), signature ?? Buffer.alloc(0)))
    })
    signer.forget()
  }
})

const BAD_KEYS = [
  { name: 'zero', key: bytesOf(0n) },
  { name: 'the order', key: bytesOf(ORDER) },
  { name: 'the order and one', key: bytesOf(ORDER + 1n) },
  { name: 'all ones', key: Buffer.alloc(32, 0xff) },
  { name: '31 bytes', key: Buffer.alloc(31, 1) },
  { name: '33 bytes', key: Buffer.alloc(33, 1) },
]
for (const { name, key } of BAD_KEYS) {
  test(`a private key of ${name} is refused`, () => {
    assert.throws(() => hedged.prepare(key), RangeError)
  })
}

test('messages of any length: around a block of SHA-256, and beyond the room for messages', () => {
  const dice = createDice(0x1e)
  const key = keyPairOf(dice.bytes(32))
  const signer = hedged.prepare(key.secret)
  const { messageBytesMax } = instance
  for (const length of [
    0,
    1,
    54,
    55,
    56,
    63,
    64,
    65,
    119,
    120,
    messageBytesMax,
    messageBytesMax + 1,
  ]) {
    const message = dice.bytes(length)
    const batch = signer.signMany([message, Buffer.of(1), message, Buffer.of(2)])
    for (const signature of [signer.sign(message), batch[0], batch[2]]) {
      assert.ok(isValidByNode(key, message, signature ?? Buffer.alloc(0)), `${length} bytes`)
    }
  }
  signer.forget()
})

test('an empty slot signs nothing, alone or in a batch', () => {
  const { entry, bytes, messagesAt, parametersAt, outputAt } = createWasmInstance()
  entry('p256StartSigning')()
  bytes.fill(0xaa, outputAt, outputAt + 1024)
  bytes.write('message', messagesAt)
  bytes.fill(0, parametersAt, parametersAt + 512)
  for (const isHedged of [0, 1]) {
    assert.equal(entry('p256Sign')(5, 7, isHedged), 0)
    assert.equal(entry('p256SignBatch')(5, 16, isHedged), 0)
  }
  assert.ok(bytes.subarray(outputAt, outputAt + 1024).every((byte) => byte === 0xaa))
  assert.equal(entry('p256KeepKey')(5), 0)
})

type Entry = (...numbers: number[]) => number

/** The same memory, but for the exports that are replaced. */
function withEntry(replace: (name: string) => Entry | undefined): WasmInstance {
  return { ...instance, entry: (name) => replace(name) ?? instance.entry(name) }
}

test('a member that failed in a batch is signed alone, and its neighbours stay as they are', () => {
  const signBatch = instance.entry('p256SignBatch')
  const [failed, key] = [0b0110, keyPairOf(bytesOf(11n))]
  const faultyBatch: Entry = (...numbers) => signBatch(...numbers) & ~failed
  const faulty = withEntry((name) => (name === 'p256SignBatch' ? faultyBatch : undefined))
  const signer = createP256Signers(faulty).prepare(key.secret)
  const messages = [1, 2, 3, 4].map((byte) => Buffer.of(byte))
  signer.signMany(messages).forEach((signature, index) => {
    assert.ok(isValidByNode(key, messages[index] as Buffer, signature ?? Buffer.alloc(0)))
  })
  signer.forget()
})

test('a signature that fails its check never leaves, alone or in a batch', () => {
  const signer = createP256Signers(
    withEntry((name) => (name.startsWith('p256Sign') ? () => 0 : undefined)),
  ).prepare(bytesOf(12n))
  assert.throws(() => signer.sign(Buffer.of(1)), /withheld/)
  assert.deepEqual(signer.signMany([Buffer.of(1), Buffer.of(2)]), [undefined, undefined])
  const four = [1, 2, 3, 4].map((byte) => Buffer.of(byte))
  assert.deepEqual(signer.signMany(four), [undefined, undefined, undefined, undefined])
  signer.forget()
})

test('nothing secret is left in working memory, and a forgotten key in none', () => {
  const own = createWasmInstance()
  const signers = createP256Signers(own, { nonce: 'deterministic' })
  const secret = bytesOf(numberOf(Buffer.alloc(32, 0x5a)))
  const signer = signers.prepare(secret)
  signer.sign(Buffer.from('one'))
  signer.signMany([1, 2, 3, 4, 5].map((byte) => Buffer.of(byte)))
  const find = () => own.bytes.indexOf(Buffer.alloc(16, 0x5a))
  assert.notEqual(find(), -1, 'the slot holds the key')
  signer.forget()
  assert.equal(find(), -1)
  const working = own.bytes.subarray(own.entry('p256WorkAt')(), own.entry('p256WorkEnd')())
  assert.ok(working.every((byte) => byte === 0))
  assert.throws(() => signer.sign(Buffer.from('two')), /withheld/)
})

test('a batch beyond sixteen is refused before anything is signed', () => {
  const signer = hedged.prepare(bytesOf(5n))
  const messages = new Array<Buffer>(P256_BATCH_MAX + 1).fill(Buffer.of(1))
  assert.throws(() => signer.signMany(messages), RangeError)
  assert.deepEqual(signer.signMany([]), [])
  signer.forget()
})
