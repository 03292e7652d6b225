import assert from 'node:assert/strict'
import test from 'node:test'
import type { P256Signer, P256Signers } from '../../src/crypto/p256.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { provesP256 } from '../../src/crypto/p256-self-test.ts'
import type { P256Key, P256Keys } from '../../src/crypto/p256-verifier.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const signers = createP256Signers(createWasmInstance())
const keys = createP256Keys(createWasmInstance())

function alteredSigners(alter: (signer: P256Signer) => Partial<P256Signer>): P256Signers {
  return {
    prepare(secret) {
      const signer = signers.prepare(secret)
      return { ...signer, ...alter(signer) }
    },
  }
}

function alteredKeys(alter: (key: P256Key) => Partial<P256Key>): P256Keys {
  return {
    ...keys,
    prepare(point) {
      const key = keys.prepare(point)
      return key && { ...key, ...alter(key) }
    },
  }
}

function flip(signature: Uint8Array): Uint8Array {
  const altered = Uint8Array.from(signature)
  altered[63] = (altered[63] ?? 0) ^ 1
  return altered
}

test('what is right is proved', () => {
  assert.equal(provesP256(signers, keys), true)
  assert.equal(keys.tablesCount(), 0)
})

const FAULTS = [
  {
    name: 'a signature with a wrong bit',
    signers: alteredSigners((signer) => ({ sign: (message) => flip(signer.sign(message)) })),
  },
  {
    name: 'a batch with a wrong bit in its last place',
    signers: alteredSigners((signer) => ({
      signMany: (messages) =>
        signer
          .signMany(messages)
          .map((each, index) => (index === 15 && each !== undefined ? flip(each) : each)),
    })),
  },
  {
    name: 'a batch with a signature missing',
    signers: alteredSigners((signer) => ({
      signMany: (messages) => [undefined, ...signer.signMany(messages).slice(1)],
    })),
  },
  {
    name: 'a public key with a wrong bit',
    signers: alteredSigners((signer) => ({ publicKey: flip(signer.publicKey) })),
  },
  { name: 'a verifier that says yes', keys: alteredKeys(() => ({ verify: () => true })) },
  { name: 'a verifier that says no', keys: alteredKeys(() => ({ verify: () => false })) },
  { name: 'a verifier without keys', keys: { ...keys, prepare: () => undefined } },
]

for (const fault of FAULTS) {
  test(`${fault.name} is not proved right`, () => {
    assert.equal(provesP256(fault.signers ?? signers, fault.keys ?? keys), false)
  })
}
