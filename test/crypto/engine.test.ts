import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createWasmEngine, openCrypto } from '../../src/crypto/engine.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import { wholeClaims } from '../../src/crypto/stamp.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { createRing } from './scratch.ts'

const run = promisify(execFile)
const ENGINE = fileURLToPath(new URL('../../src/crypto/engine.js', import.meta.url))

test('WebAssembly proves itself and is used', () => {
  const engine = openCrypto('wasm', (problem) => assert.fail(problem))
  assert.equal(engine.kind, 'wasm')
})

test('node:crypto is used where it is chosen', () => {
  assert.equal(openCrypto('node', (problem) => assert.fail(problem)).kind, 'node')
})

test('without WebAssembly it is node:crypto, and the reason is told', async () => {
  const script = `
    delete globalThis.WebAssembly
    const { openCrypto } = await import(${JSON.stringify(ENGINE)})
    const problems = []
    const engine = openCrypto('wasm', (problem) => problems.push(problem))
    console.log(JSON.stringify([engine.kind, problems.length, typeof problems[0]]))
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
  assert.deepEqual(JSON.parse(stdout), ['node', 1, 'string'])
})

test('keys can be rotated more often than there are slots', async () => {
  const engine = openCrypto('wasm', (problem) => assert.fail(problem))
  for (const [alg, type, options] of [
    ['EdDSA', 'ed25519', {}],
    ['ES256', 'ec', { namedCurve: 'P-256' }],
  ] as const) {
    for (let count = 0; count < 100; count++) {
      const { privateKey } = generateKeyPairSync(type as 'ec', options as { namedCurve: string })
      const stamp = engine.stamp({ alg, kid: `k${count}`, privateKey })
      stamp.mint(wholeClaims('{}'))
      stamp.forget()
    }
  }
})

test('an instance that computes wrongly is found before anything is signed', async (t) => {
  const { keyring } = await createRing(t)
  const instance = createWasmInstance()
  // Its signatures are those of another message.
  const spoilt = {
    ...instance,
    entry: (name: string) => {
      const right = instance.entry(name)
      if (name !== 'edSign') return right
      return (slot = 0, length = 0) => right(slot, Math.max(0, length - 1))
    },
  }
  const problems: string[] = []
  const engine = createWasmEngine(spoilt, (problem) => problems.push(problem))
  assert.equal(engine.kind, 'wasm')
  const signer = createSigner({ keyring, engine })
  assert.equal(signer.engine(), 'node')
  assert.deepEqual(problems, ['the WebAssembly self-test found a wrong signature'])
  const theirs = createSigner({ keyring })
  assert.equal(signer.sign('{}'), theirs.sign('{}'))
})

for (const choice of ['wasm', 'node'] as const) {
  test(`what others signed is verified by the engine that was chosen: ${choice}`, () => {
    const { publicKeys, hmacKeys } = openCrypto(choice, (problem) => assert.fail(problem))
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const message = Buffer.from('m')
    assert.equal(publicKeys.kind, choice)
    const key = publicKeys.prepare('EdDSA', publicKey)
    assert.equal(key?.verify(message, sign(null, message, privateKey)), true)
    const mac = createHmac('sha256', 'secret').update('m').digest('hex')
    assert.equal(hmacKeys.prepare(Buffer.from('secret')).verifyHex('m', mac), true)
  })
}

test('more keys of MACs than there are slots are node:crypto’s', () => {
  const { hmacKeys } = openCrypto('wasm', (problem) => assert.fail(problem))
  const mac = createHmac('sha256', 'secret').update('m').digest()
  const secret = Buffer.from('secret')
  const keys = Array.from({ length: 16_400 }, () => hmacKeys.prepare(secret))
  assert.ok(keys.every((key) => key.verify('m', mac)))
  for (const key of keys) key.forget()
})

test('a MAC that is computed wrongly is found before anything is believed', () => {
  const instance = createWasmInstance()
  const spoilt = {
    ...instance,
    entry(name: string) {
      const right = instance.entry(name)
      return name === 'hmacVerify' ? () => 1 : right
    },
  }
  const problems: string[] = []
  const { hmacKeys } = createWasmEngine(spoilt, (problem) => problems.push(problem))
  const key = hmacKeys.prepare(Buffer.from('secret'))
  assert.equal(key.verify('m', Buffer.alloc(32)), false)
  assert.deepEqual(problems, ['the WebAssembly self-test found a wrong MAC'])
})
