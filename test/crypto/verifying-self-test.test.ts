import assert from 'node:assert/strict'
import test from 'node:test'
import { createEd25519Keys, type Ed25519Key } from '../../src/crypto/ed25519-verifier.ts'
import { createHmacKeys, type HmacKey } from '../../src/crypto/hmac.ts'
import { nodeHmacKeys } from '../../src/crypto/node-hmac.ts'
import { createP256Keys, type P256Key } from '../../src/crypto/p256-verifier.ts'
import {
  provesEd25519Verifying,
  provesHmac,
  provesP256Verifying,
} from '../../src/crypto/verifying-self-test.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const instanceWithTables = () => createWasmInstance({ keyTablesBytesMax: 400_000 })
const ed25519 = createEd25519Keys(instanceWithTables())
const p256 = createP256Keys(instanceWithTables())
const hmac = createHmacKeys(createWasmInstance())

test('what verifies rightly proves itself, and leaves no table behind', () => {
  assert.equal(provesEd25519Verifying(ed25519), true)
  assert.equal(provesP256Verifying(p256), true)
  assert.equal(provesHmac(hmac), true)
  assert.equal(provesHmac(nodeHmacKeys), true)
  assert.equal(ed25519.tablesCount() + p256.tablesCount(), 0)
})

const VERDICTS: readonly [name: string, verdict: (right: boolean) => boolean][] = [
  ['accept everything', () => true],
  ['accept nothing', () => false],
  ['say the opposite', (right) => !right],
]

for (const [name, verdict] of VERDICTS) {
  test(`keys that ${name} do not pass`, () => {
    const spoil = <Key extends Ed25519Key | P256Key>(key: Key | undefined) =>
      key && {
        ...key,
        verify: (message: Uint8Array, signature: Uint8Array) =>
          verdict(key.verify(message, signature)),
      }
    const ed25519Wrong = { ...ed25519, prepare: (key: Uint8Array) => spoil(ed25519.prepare(key)) }
    const p256Wrong = { ...p256, prepare: (key: Uint8Array) => spoil(p256.prepare(key)) }
    assert.equal(provesEd25519Verifying(ed25519Wrong), false)
    assert.equal(provesP256Verifying(p256Wrong), false)
  })
}

test('keys that know no key do not pass', () => {
  assert.equal(provesEd25519Verifying({ ...ed25519, prepare: () => undefined }), false)
  assert.equal(provesP256Verifying({ ...p256, prepare: () => undefined }), false)
})

test('a batch that accepts everything, or spoils a neighbour, does not pass', () => {
  for (const verdict of [true, false]) {
    const wrong = {
      ...ed25519,
      verifyMany: (items: readonly unknown[]) => items.map((_, at) => at === 0 || verdict),
    }
    assert.equal(provesEd25519Verifying(wrong), false)
  }
})

test('an HMAC that is wrong beyond one block does not pass', () => {
  const wrong = {
    prepare(key: Uint8Array): HmacKey {
      const prepared = hmac.prepare(key)
      const shortened = (message: string | Uint8Array) => message.slice(0, 64)
      return { ...prepared, sign: (message) => prepared.sign(shortened(message)) }
    },
  }
  assert.equal(provesHmac(wrong), false)
})
