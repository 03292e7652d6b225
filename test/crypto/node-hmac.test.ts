import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import test from 'node:test'
import { createHmacKeys, type HmacKeys } from '../../src/crypto/hmac.ts'
import { nodeHmacKeys } from '../../src/crypto/node-hmac.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const ENGINES: readonly [string, HmacKeys][] = [
  ['WebAssembly', createHmacKeys(createWasmInstance())],
  ['node:crypto', nodeHmacKeys],
]

for (const [name, keys] of ENGINES) {
  test(`keys of any length make the one MAC there is, in ${name}`, () => {
    for (const keyBytes of [0, 1, 32, 64, 65, 200]) {
      const secret = randomBytes(keyBytes)
      const key = keys.prepare(secret)
      for (const message of ['', 'ä text', randomBytes(100)]) {
        const mac = createHmac('sha256', secret).update(message).digest()
        assert.deepEqual(Buffer.from(key.sign(message)), mac)
        assert.equal(key.verify(message, mac), true)
        assert.equal(key.verifyHex(message, mac.toString('hex')), true)
        assert.equal(key.verifyHex(message, mac.toString('hex').replace(/./, 'g')), false)
        assert.equal(key.verifyHex(message, `${mac.toString('hex')}00`), false)
        assert.equal(key.verify(message, mac.subarray(1)), false)
        mac[31] = (mac[31] ?? 0) ^ 1
        assert.equal(key.verify(message, mac), false)
        assert.equal(key.verifyHex(message, mac.toString('hex')), false)
      }
      key.forget()
    }
  })

  test(`upper-case hexadecimal is another spelling, in ${name}`, () => {
    const key = keys.prepare(Buffer.from('key'))
    const hex = createHmac('sha256', 'key').update('m').digest('hex')
    assert.equal(key.verifyHex('m', hex), true)
    assert.equal(key.verifyHex('m', hex.toUpperCase()), false)
  })
}
