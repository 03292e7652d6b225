import assert from 'node:assert/strict'
import test from 'node:test'
import { createP256Signers, P256_BATCH_MAX } from '../../src/crypto/p256.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { bytesOf, isValidByNode, keyPairOf } from './p256-fixture.ts'

const instance = createWasmInstance()
const hedged = createP256Signers(instance)

test('hedged nonces differ for one message, and with the same random bytes do not', () => {
  const message = Buffer.from('twice')
  const key = keyPairOf(bytesOf(7n))
  const fresh = hedged.prepare(key.secret)
  assert.notDeepEqual(fresh.sign(message), fresh.sign(message))
  const many = fresh.signMany(new Array<Buffer>(P256_BATCH_MAX).fill(message))
  const numbers = many.map((signature) => Buffer.from(signature?.subarray(0, 32) ?? []))
  assert.equal(new Set(numbers.map((r) => r.toString('hex'))).size, P256_BATCH_MAX)
  const stuck = createP256Signers(instance, { randomInto: (target) => target.fill(9) })
  const repeating = stuck.prepare(key.secret)
  assert.deepEqual(repeating.sign(message), repeating.sign(message))
  // A generator that repeats must not make two messages share a nonce: that would give the key
  // away.
  const another = repeating.sign(Buffer.from('other'))
  assert.notDeepEqual(repeating.sign(message).subarray(0, 32), another.subarray(0, 32))
  assert.ok(isValidByNode(key, message, repeating.sign(message)))
  repeating.forget()
  fresh.forget()
})

test('every ES256 token is hedged by itself: sixteen of the same claims all differ', () => {
  const tokens = hedged.prepare(bytesOf(7n)).prepareTokens('head.')
  const claims = { shared: '', own: '{}' }
  const many = tokens.signMany(Array(P256_BATCH_MAX).fill(claims))
  const all = [...many, tokens.sign(claims), tokens.sign(claims)]
  assert.equal(new Set(all).size, P256_BATCH_MAX + 2)
  tokens.forget()
})

test('random bytes of nonces are wiped when they were used, alone and in a batch', () => {
  const at = instance.entry('randomAt')()
  const place = instance.bytes.subarray(at, at + 16 * P256_BATCH_MAX)
  const drawn: Buffer[] = []
  const randomInto = (target: Uint8Array) => {
    target.fill(0x5a)
    drawn.push(Buffer.from(place))
  }
  const signer = createP256Signers(instance, { randomInto }).prepare(bytesOf(7n))
  const tokens = signer.prepareTokens('head.')
  const claims = { shared: '', own: '{}' }
  const calls = [
    () => signer.sign(Buffer.of(1)),
    () => signer.signMany(new Array<Buffer>(P256_BATCH_MAX).fill(Buffer.of(1))),
    () => tokens.sign(claims),
    () => tokens.signMany(new Array(P256_BATCH_MAX).fill(claims)),
  ]
  for (const call of calls) {
    call()
    assert.ok(place.every((byte) => byte === 0))
  }
  assert.deepEqual(
    drawn.map((bytes) => bytes.filter((byte) => byte === 0x5a).length),
    [16, 256, 16, 256],
  )
  tokens.forget()
  signer.forget()
})
