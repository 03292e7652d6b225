import assert from 'node:assert/strict'
import test from 'node:test'
import { createP256Signers, type P256Signers } from '../../src/crypto/p256.ts'
import { provesP256 } from '../../src/crypto/p256-self-test.ts'
import { createP256Keys, type P256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const signers = createP256Signers(createWasmInstance())
const keys = createP256Keys(createWasmInstance({ keyTablesBytesMax: 2 * 1024 * 1024 }))

test('what computes rightly proves itself', () => assert.ok(provesP256(signers, keys)))

const SPOILT: readonly [name: string, signers: P256Signers, keys: P256Keys][] = [
  [
    'a public key',
    spoilSigner((it) => ({ ...it, publicKey: it.publicKey.map((b) => b ^ 1) })),
    keys,
  ],
  ['a signature', spoilSigner((it) => ({ ...it, sign: () => new Uint8Array(64).fill(1) })), keys],
  [
    'one of a batch',
    spoilSigner((it) => ({ ...it, signMany: (all) => [undefined, ...it.signMany(all).slice(1)] })),
    keys,
  ],
  ['a verifier that says yes', signers, spoilKey(() => true)],
  ['a verifier that says no', signers, spoilKey(() => false)],
]

for (const [name, spoiltSigners, spoiltKeys] of SPOILT) {
  test(`${name} that is wrong is found`, () => assert.ok(!provesP256(spoiltSigners, spoiltKeys)))
}

function spoilSigner(
  spoil: (signer: ReturnType<P256Signers['prepare']>) => ReturnType<P256Signers['prepare']>,
): P256Signers {
  return { prepare: (privateKey) => spoil(signers.prepare(privateKey)) }
}

function spoilKey(verify: () => boolean): P256Keys {
  return {
    ...keys,
    prepare(publicKey) {
      const key = keys.prepare(publicKey)
      return key === undefined ? undefined : { ...key, verify }
    },
  }
}
