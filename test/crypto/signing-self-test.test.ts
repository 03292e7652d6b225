import assert from 'node:assert/strict'
import test from 'node:test'
import { createEd25519Signers, type Ed25519Signer } from '../../src/crypto/ed25519.ts'
import { createP256Signers, type P256Signer } from '../../src/crypto/p256.ts'
import { provesEd25519Signing, provesP256Signing } from '../../src/crypto/signing-self-test.ts'
import type { Tokens } from '../../src/crypto/tokens.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'

const instance = createWasmInstance()
const ed25519 = createEd25519Signers(instance)
const p256 = createP256Signers(instance)

test('what signs rightly proves itself', () => {
  assert.ok(provesEd25519Signing(ed25519))
  assert.ok(provesP256Signing(p256))
})

const WRONG = new Uint8Array(64).fill(1)

type SignsTokens = Pick<P256Signer, 'prepareTokens'>

/** A signer whose tokens are not what they should be. */
function withTokens(it: SignsTokens, spoil: (right: Tokens) => Partial<Tokens>): SignsTokens {
  return {
    prepareTokens(text) {
      const right = it.prepareTokens(text)
      return { ...right, ...spoil(right) }
    },
  }
}

const tokenSpoils: readonly [name: string, spoil: (it: SignsTokens) => SignsTokens][] = [
  [
    'a token of other claims',
    (it) => withTokens(it, ({ sign }) => ({ sign: ({ own }) => sign({ shared: '', own }) })),
  ],
  [
    'one token of a batch',
    (it) =>
      withTokens(it, ({ signMany }) => ({
        signMany: (claims) => [...signMany(claims).slice(0, -1), undefined],
      })),
  ],
  [
    'a token with the signature of another',
    (it) =>
      withTokens(it, ({ sign }) => {
        const other = sign({ shared: '', own: '{}' }).split('.').at(-1)
        return { sign: (claims) => [...sign(claims).split('.').slice(0, 2), other].join('.') }
      }),
  ],
]

const ED25519: readonly [name: string, spoil: (it: Ed25519Signer) => Partial<Ed25519Signer>][] = [
  ['alone', () => ({ sign: () => WRONG })],
  ['one of a batch', (it) => ({ signMany: withoutLast(it) })],
  ...tokenSpoils,
]
for (const [name, spoil] of ED25519) {
  test(`a wrong signature of Ed25519 is found: ${name}`, () => {
    const prepare = (seed: Uint8Array) => {
      const signer = ed25519.prepare(seed)
      return { ...signer, ...spoil(signer) }
    }
    assert.ok(!provesEd25519Signing({ prepare }))
  })
}

const P256: readonly [name: string, spoil: (it: P256Signer) => Partial<P256Signer>][] = [
  ['alone', () => ({ sign: () => WRONG })],
  ['one of a batch', (it) => ({ signMany: withoutLast(it) })],
  ...tokenSpoils,
  ['with another public key', (it) => ({ publicKey: it.publicKey.map((byte) => byte ^ 1) })],
]
for (const [name, spoil] of P256) {
  test(`a wrong signature of P-256 is found: ${name}`, () => {
    const prepare = (secret: Uint8Array) => {
      const signer = p256.prepare(secret)
      return { ...signer, ...spoil(signer) }
    }
    assert.ok(!provesP256Signing({ prepare }))
  })
}

function withoutLast(signer: Pick<P256Signer, 'signMany'>): P256Signer['signMany'] {
  return (messages) => [...signer.signMany(messages).slice(0, -1), undefined]
}
