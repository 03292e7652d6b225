import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { type BlakeKeys, createBlakeKeys } from '../../src/crypto/blake.ts'
import { nodeBlakeKeys, provesBlake } from '../../src/crypto/node-blake.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const wasm = createBlakeKeys(createWasmInstance())

test('both engines compute and accept the same, of bytes as of text', () => {
  for (let length = 0; length <= 64; length++) {
    const secret = randomBytes(32)
    const [ours, theirs] = [wasm.prepare(secret), nodeBlakeKeys.prepare(secret)]
    for (const message of [randomBytes(length), 'ä'.repeat(length >> 1)]) {
      const mac = theirs.sign(message)
      assert.deepEqual(Buffer.from(ours.sign(message)), Buffer.from(mac))
      assert.equal(ours.signText(message), theirs.signText(message))
      for (const key of [ours, theirs]) {
        assert.equal(key.verify(message, mac), true)
        assert.equal(key.verifyText(message, theirs.signText(message)), true)
        assert.equal(key.verifyText(message, `${theirs.signText(message)}=`), false)
        assert.equal(key.verify(message, mac.subarray(1)), false)
        assert.equal(key.verify(message, randomBytes(32)), false)
      }
    }
    ours.forget()
  }
})

test('a key of another length and a message that is too long are RangeErrors', () => {
  for (const keys of [wasm, nodeBlakeKeys]) {
    assert.throws(() => keys.prepare(Buffer.alloc(31)), RangeError)
    const key = keys.prepare(Buffer.alloc(32))
    assert.throws(() => key.sign(Buffer.alloc(65)), RangeError)
    assert.equal(key.verify(Buffer.alloc(65), Buffer.alloc(32)), false)
  }
})

test('what is right proves itself, and what is wrong in one way does not', () => {
  assert.equal(provesBlake(wasm), true)
  assert.equal(provesBlake(nodeBlakeKeys), true)
  const wrongs: readonly BlakeKeys[] = [
    { prepare: (key) => ({ ...wasm.prepare(key), verifyText: () => true }) },
    { prepare: (key) => ({ ...wasm.prepare(key), verifyText: () => false }) },
    { prepare: (key) => ({ ...wasm.prepare(key), signText: () => 'A'.repeat(43) }) },
    { prepare: (key) => ({ ...wasm.prepare(key), sign: () => new Uint8Array(32) }) },
  ]
  for (const wrong of wrongs) assert.equal(provesBlake(wrong), false)
})
