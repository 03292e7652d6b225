import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import test from 'node:test'
import { createWasmInstance, type WasmInstance } from '../../src/crypto/wasm.ts'
import { createWasmPublicKeys } from '../../src/crypto/wasm-public-keys.ts'
import { RSA_PAIR } from './rsa-fixture.ts'

const MESSAGE = Buffer.from('what was signed')

/** An instance one of whose exports answers the opposite. */
function spoiltInstance(spoilt: string): WasmInstance {
  const instance = createWasmInstance({ keyTablesBytesMax: 1 << 20 })
  return {
    ...instance,
    entry(name) {
      const right = instance.entry(name)
      return name === spoilt ? (...numbers) => 1 - right(...numbers) : right
    },
  }
}

const CASES = [
  ['EdDSA', 'edVerify', generateKeyPairSync('ed25519')],
  ['ES256', 'p256Verify', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
] as const

for (const [alg, spoilt, { privateKey, publicKey }] of CASES) {
  const digest = alg === 'EdDSA' ? null : 'sha256'
  const signature = sign(digest, MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' })

  test(`${alg} that gives wrong verdicts is found, and node:crypto verifies from then on`, () => {
    const problems: string[] = []
    const keys = createWasmPublicKeys({
      createInstance: () => spoiltInstance(spoilt),
      onProblem: (problem) => problems.push(problem),
    })
    assert.equal(keys.kind, 'wasm')
    const key = keys.prepare(alg, publicKey)
    assert.equal(keys.kind, 'node')
    assert.equal(key?.verify(MESSAGE, signature), true)
    assert.equal(key?.verify(Buffer.from('another'), signature), false)
    assert.equal(keys.prepare(alg, publicKey)?.verify(MESSAGE, signature), true)
    assert.deepEqual(problems, ['the WebAssembly self-test found a wrong verdict'])
  })
}

test('no instance is made before a key of ours is prepared, and one for each curve', () => {
  let instancesCount = 0
  const keys = createWasmPublicKeys({
    onProblem: (problem) => assert.fail(problem),
    createInstance() {
      instancesCount++
      return createWasmInstance({ keyTablesBytesMax: 1 << 20 })
    },
  })
  keys.prepare('RS256', RSA_PAIR.publicKey)
  assert.equal(instancesCount, 0)
  for (const [alg, , { publicKey }] of [...CASES, ...CASES]) keys.prepare(alg, publicKey)
  assert.equal(instancesCount, 2)
})

test('an Ed25519 key of small order is none by our rule, though node:crypto knows it', () => {
  const head = Buffer.from('302a300506032b6570032100', 'hex')
  const keys = createWasmPublicKeys({ onProblem: (problem) => assert.fail(problem) })
  assert.equal(keys.prepare('EdDSA', Buffer.concat([head, Buffer.alloc(32)])), undefined)
})
