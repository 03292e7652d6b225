import assert from 'node:assert/strict'
import test from 'node:test'
import type { Ed25519Signer } from '../../src/crypto/ed25519.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import type { HmacKey } from '../../src/crypto/hmac.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { provesEd25519, provesHmac } from '../../src/crypto/self-test.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const secrets = createWasmInstance()
const publics = createWasmInstance({ keyTablesBytesMax: 400_000 })
const signers = createEd25519Signers(secrets)
const keys = createEd25519Keys(publics)

test('what is built passes, and leaves no table behind', () => {
  assert.equal(provesEd25519(signers, keys), true)
  assert.equal(provesHmac(createHmacKeys(secrets)), true)
  assert.equal(keys.tablesCount(), 0)
})

/** A signer that is wrong in one of its ways. */
function broken(change: (signer: Ed25519Signer) => Partial<Ed25519Signer>) {
  return {
    prepare(seed: Uint8Array): Ed25519Signer {
      const signer = signers.prepare(seed)
      return { ...signer, ...change(signer) }
    },
  }
}

function altered(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const last = copy.length - 1
  copy[last] = (copy[last] as number) ^ 4
  return copy
}

const BROKEN = [
  {
    name: 'signs wrongly alone',
    of: broken((signer) => ({ sign: (message) => altered(signer.sign(message)) })),
  },
  {
    name: 'signs wrongly in batches',
    of: broken((signer) => ({
      signMany: (messages) => signer.signMany(messages).map((each) => each && altered(each)),
    })),
  },
  {
    name: 'withholds a signature of a batch',
    of: broken((signer) => ({
      signMany: (messages) => signer.signMany(messages).with(3, undefined),
    })),
  },
  {
    name: 'tells another public key',
    of: broken((signer) => ({ publicKey: altered(signer.publicKey) })),
  },
]

for (const { name, of } of BROKEN) {
  test(`a signer that ${name} does not pass`, () => {
    assert.equal(provesEd25519(of, keys), false)
  })
}

test('keys that accept everything, or nothing, do not pass', () => {
  for (const verdict of [true, false]) {
    const wrong = {
      ...keys,
      prepare: (publicKey: Uint8Array) => {
        const key = keys.prepare(publicKey)
        return key && { ...key, verify: () => verdict }
      },
    }
    assert.equal(provesEd25519(signers, wrong), false)
  }
  assert.equal(provesEd25519(signers, { ...keys, prepare: () => undefined }), false)
})

test('an HMAC that is wrong beyond one block does not pass', () => {
  const real = createHmacKeys(secrets)
  const wrong = {
    prepare(key: Uint8Array): HmacKey {
      const prepared = real.prepare(key)
      const shortened = (message: string | Uint8Array) => message.slice(0, 64)
      return { ...prepared, sign: (message) => prepared.sign(shortened(message)) }
    },
  }
  assert.equal(provesHmac(wrong), false)
})
